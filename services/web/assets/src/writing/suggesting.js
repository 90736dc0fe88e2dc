// The list of fields that opens where somebody types "{{". The focus stays in the text; the list
// is named to screen readers by aria-activedescendant of the text.
import { hide, placeBeside } from "./placing.js";

// box: <div role="listbox" popover="manual">. Returns show, hide and press of one text's list.
export function makeSuggestions(box, { onPick }) {
  let shown = [];
  let at = 0;
  let owner = null;

  function mark(index) {
    at = (index + shown.length) % shown.length;
    [...box.children].forEach((option, number) => {
      option.setAttribute("aria-selected", String(number === at));
    });
    owner.setAttribute("aria-activedescendant", box.children[at].id);
    box.children[at].scrollIntoView({ block: "nearest" });
  }

  function close() {
    if (!shown.length) return;
    shown = [];
    hide(box);
    owner?.removeAttribute("aria-activedescendant");
    owner?.removeAttribute("aria-controls");
  }

  box.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const option = event.target.closest("[role=option]");
    if (option && shown.length) onPick(shown[[...box.children].indexOf(option)].name);
  });

  return {
    isOpen: () => shown.length > 0,
    show(fields, rectangle, element) {
      if (!fields.length) return close();
      owner = element;
      shown = fields;
      box.replaceChildren(...fields.map(optionOf));
      element.setAttribute("aria-controls", box.id);
      placeBeside(box, rectangle);
      mark(0);
      return undefined;
    },
    close,
    // Whether the key was the list's.
    press(key) {
      if (!shown.length) return false;
      if (key === "ArrowDown") mark(at + 1);
      else if (key === "ArrowUp") mark(at - 1);
      else if (key === "Enter" || key === "Tab") onPick(shown[at].name);
      else if (key === "Escape") close();
      else return false;
      return true;
    },
  };
}

function optionOf({ name, note }, number) {
  const option = document.createElement("div");
  option.id = `field-option-${number}`;
  option.setAttribute("role", "option");
  const label = document.createElement("b");
  label.textContent = name;
  const gaps = document.createElement("small");
  gaps.textContent = note;
  option.append(label, gaps);
  return option;
}
