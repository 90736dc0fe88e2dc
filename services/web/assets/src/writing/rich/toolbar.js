// The toolbar above the mail, and the smaller ones that come up in tables, columns and conditions.
import { placeBeside } from "../placing.js";
import { openMenus, rove } from "../roving.js";
import { COMMANDS, focused } from "./commands.js";
import { hexColour } from "./values.js";

export function wireToolbar(root, editor) {
  const bars = [...root.querySelectorAll("[role=toolbar]")];
  for (const bar of bars) rove(bar, { onEscape: () => editor.view.focus() });
  openMenus(root, placeBeside);
  const buttons = [...root.querySelectorAll("[data-do]")];
  root.addEventListener("pointerdown", (event) => {
    // The selection of the mail stays where it is.
    if (event.target.closest("button")) event.preventDefault();
  });
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (!button) return;
    button.closest("[popover]")?.hidePopover();
    run(editor, button.dataset.do, button.dataset.value);
  });
  for (const input of root.querySelectorAll("input[type=color][data-style]")) {
    input.addEventListener("change", () => {
      input.closest("[popover]")?.hidePopover();
      run(editor, input.dataset.style, hexColour(input.value));
    });
  }
  for (const swatch of root.querySelectorAll(".swatch")) {
    swatch.style.setProperty("--swatch", swatch.dataset.value);
  }
  const follow = () => {
    for (const button of buttons) show(editor, button);
    for (const bar of bars) {
      if (bar.dataset.within) bar.hidden = !editor.isActive(bar.dataset.within);
    }
    showFace(root, editor);
  };
  let due = 0;
  editor.on("transaction", () => {
    cancelAnimationFrame(due);
    due = requestAnimationFrame(follow);
  });
  follow();
  return { focus: () => bars[0].querySelector('button[tabindex="0"]')?.focus() };
}

function run(editor, name, value) {
  COMMANDS[name].run(focused(editor), value).run();
}

function show(editor, button) {
  const command = COMMANDS[button.dataset.do];
  if (command.isOn) {
    const isOn = String(command.isOn(editor, button.dataset.value));
    if (button.hasAttribute("aria-checked")) button.setAttribute("aria-checked", isOn);
    else if (button.hasAttribute("aria-pressed")) button.setAttribute("aria-pressed", isOn);
  }
  if (command.can && button.hasAttribute("data-asks")) {
    // Not `disabled`: a button that goes away under the keyboard takes the focus with it.
    const can = command.can(editor.can().chain(), button.dataset.value).run();
    button.setAttribute("aria-disabled", String(!can));
  }
}

// What the openers of menus show of their choice: the kind of block, the colours.
function showFace(root, editor) {
  for (const opener of root.querySelectorAll("[data-shows]")) {
    const menu = document.getElementById(opener.getAttribute("aria-controls"));
    const chosen = menu.querySelector('[aria-checked="true"]') ?? menu.querySelector("[role^=menuitem]");
    const icon = chosen?.querySelector("use")?.getAttribute("href");
    if (opener.dataset.shows === "text") opener.querySelector("[data-face]").textContent = chosen?.textContent.trim() ?? "";
    else if (opener.dataset.shows === "icon" && icon) opener.querySelector("use").setAttribute("href", icon);
    else if (opener.dataset.shows === "ink") {
      const colour = editor.getAttributes("textStyle")[opener.dataset.of];
      opener.querySelector("[data-face]").style.backgroundColor = colour ?? "";
    }
  }
}

