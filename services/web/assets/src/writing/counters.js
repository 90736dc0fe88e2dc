// How long a subject is, and from which length on mail programs cut it.

export function countIn(input, place) {
  const most = Number(place.dataset.soft);
  const show = () => {
    const length = [...new Intl.Segmenter().segment(input.value)].length;
    place.textContent = length ? place.dataset.sayCount.replace("{}", length) : "";
    place.toggleAttribute("data-long", length > most);
    place.title = length > most ? place.dataset.sayLong : "";
  };
  input.addEventListener("input", show);
  show();
}
