// Keys: an element with data-keys="g d" is clicked, or focused if it is a field, when its keys
// are pressed one after the other. "?" lists them. They can be switched off (WCAG 2.1.4).

const PATIENCE_MS = 1200;
const OFF = "dakiya-keys-off";
let pressed = "";
let timer = 0;

export function install() {
  const dialog = document.getElementById("keys");
  if (!dialog) return;
  const toggle = dialog.querySelector("[data-keys-toggle]");
  toggle.checked = !localStorage.getItem(OFF);
  toggle.addEventListener("change", () => {
    if (toggle.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  });
  for (const opener of document.querySelectorAll("[data-keys-open]")) {
    opener.addEventListener("click", () => dialog.showModal());
  }
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.addEventListener("keydown", (event) => press(event, dialog));
}

function press(event, dialog) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (localStorage.getItem(OFF) || isTyping(event.target) || document.querySelector("dialog[open]")) {
    return;
  }
  if (event.key === "?") {
    event.preventDefault();
    dialog.showModal();
    return;
  }
  if (event.key.length !== 1) return;
  clearTimeout(timer);
  timer = setTimeout(() => {
    pressed = "";
  }, PATIENCE_MS);
  const tried = `${pressed} ${event.key.toLowerCase()}`.trim();
  const found = find(tried) ?? find(event.key.toLowerCase());
  pressed = found ? "" : tried;
  if (!found) return;
  event.preventDefault();
  if (found.matches("input, textarea, select")) found.focus();
  else found.click();
}

function find(keys) {
  return document.querySelector(`[data-keys="${CSS.escape(keys)}"]`);
}

function isTyping(element) {
  return element.isContentEditable || element.matches("input, textarea, select, [role=textbox]");
}
