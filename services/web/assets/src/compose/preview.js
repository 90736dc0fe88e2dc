// Desktop, phone, dark or text: which of the preview's frames is shown, and how wide. The choice
// stays while somebody steps through the recipients (htmx swaps the whole preview).

export function install() {
  const preview = document.getElementById("preview");
  if (!preview) return;
  let width = "desktop";
  const show = () => {
    const buttons = preview.querySelector("[data-widths]");
    if (!buttons) return;
    buttons.hidden = false;
    preview.querySelector("[data-letter]").dataset.letter = width;
    for (const button of buttons.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.dataset.width === width));
    }
  };
  preview.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-width]")?.dataset.width;
    if (chosen) width = chosen;
    if (chosen) show();
  });
  document.addEventListener("htmx:after:swap", show);
  show();
}
