// The plain text that goes with a mail: made from it, until somebody writes it by hand.

export function wireTextPart(place) {
  if (!place) return;
  const area = place.querySelector("textarea");
  const said = place.querySelector("[data-text-state]");
  const [take, drop] = ["take", "drop"].map((name) => place.querySelector(`[data-text-${name}]`));
  const show = () => {
    const isOwn = Boolean(area.value.trim());
    said.textContent = isOwn ? place.dataset.sayOwn : place.dataset.sayAuto;
    take.hidden = isOwn;
    drop.hidden = !isOwn;
  };
  const put = (text) => {
    area.value = text;
    area.dispatchEvent(new Event("input", { bubbles: true }));
    area.focus();
  };
  area.addEventListener("input", show);
  take.addEventListener("click", async () => {
    const answer = await fetch(place.dataset.url, { headers: { Accept: "application/json" } }).catch(() => null);
    if (answer?.ok) put((await answer.json()).text);
    else area.focus();
  });
  drop.addEventListener("click", () => put(""));
  show();
}
