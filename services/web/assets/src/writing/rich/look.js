// The look of the whole mail: its accent, the ground below it, and its letters.
import { placeBeside } from "../placing.js";
import { hexColour } from "./values.js";

const DEFAULTS = { accent: "#b3261e", background: "#f4f4f5", font: "sans" };

export function wireLook(place, editor) {
  const opener = place.querySelector("[data-look-opens]");
  const panel = document.getElementById("look");
  const page = place.querySelector("[data-canvas]");
  if (!opener) return;

  function show() {
    const { accent, background, font } = editor.state.doc.attrs;
    page.style.setProperty("--mail-accent", accent ?? DEFAULTS.accent);
    page.style.setProperty("--mail-ground", background ?? DEFAULTS.background);
    page.dataset.font = font ?? DEFAULTS.font;
    for (const input of panel.querySelectorAll("[name]")) {
      const value = { accent, background, font }[input.name] ?? DEFAULTS[input.name];
      if (input.type === "radio") input.checked = input.value === value;
      else input.value = value;
    }
  }

  opener.addEventListener("click", () => {
    placeBeside(panel, opener.getBoundingClientRect());
    panel.querySelector("input")?.focus();
  });
  panel.addEventListener("input", ({ target }) => {
    const value = target.type === "color" ? hexColour(target.value) : target.value;
    editor.view.dispatch(editor.state.tr.setDocAttribute(target.name, value));
  });
  panel.addEventListener("click", (event) => {
    if (!event.target.closest("[data-look-reset]")) return;
    const { tr } = editor.state;
    for (const name of Object.keys(DEFAULTS)) tr.setDocAttribute(name, null);
    editor.view.dispatch(tr);
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    panel.hidePopover();
    opener.focus();
  });
  panel.addEventListener("toggle", (event) => {
    opener.setAttribute("aria-expanded", String(event.newState === "open"));
  });
  editor.on("transaction", show);
  show();
}
