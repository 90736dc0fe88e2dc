// A place that files are dropped on: it is marked while they are above it.
export function takeDrops(place, take) {
  for (const name of ["dragover", "dragleave", "drop"]) {
    place.addEventListener(name, (event) => {
      event.preventDefault();
      place.toggleAttribute("data-over", name === "dragover");
      if (name === "drop" && event.dataTransfer.files.length) take(event.dataTransfer.files);
    });
  }
}
