// A click on a field's name writes {{ name }} where the cursor was.

export function install() {
  const palette = document.querySelector("[data-palette]");
  if (!palette) return;
  palette.hidden = false;
  let target = document.querySelector("textarea[data-takes-field]");
  document.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-takes-field]")) target = event.target;
  });
  palette.addEventListener("click", (event) => {
    const field = event.target.closest("[data-field]")?.dataset.field;
    if (!field) return;
    target.focus();
    target.setRangeText(`{{ ${field} }}`, target.selectionStart, target.selectionEnd, "end");
    target.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
