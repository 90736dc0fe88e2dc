// The panels in which links, buttons, pictures, fields and conditions are edited in place.
import { hide, placeBeside } from "../placing.js";
import { focused } from "./commands.js";
import { completeLink, hexColour, inkOn, whole, WIDEST_PX } from "./values.js";

const NODES = { button: "button", image: "image", mergeField: "mergeField" };
const READ = {
  width: (text) => whole(text, 1, WIDEST_PX),
  href: (text) => completeLink(text),
  color: hexColour,
  textColor: hexColour,
  negate: (text) => text === "empty",
  fallback: (text) => text || null,
  format: (text) => text || null,
};

export function wirePanels(root, editor, { pictures }) {
  const panels = new Map([...root.querySelectorAll("[data-panel]")].map((panel) => [panel.dataset.panel, panel]));
  let open = null;

  function close({ refocus = false } = {}) {
    const left = open;
    open = null;
    if (left) hide(left);
    if (refocus) editor.view.focus();
  }

  function show(kind, rectangle, { focus = false } = {}) {
    const panel = panels.get(kind);
    if (open !== panel) close();
    open = panel;
    fill(panel, attrsOf(editor, kind));
    placeBeside(panel, rectangle);
    if (focus) firstOf(panel)?.focus();
  }

  // What the selection stands on, if it has a panel.
  function follow({ focus = false } = {}) {
    const { selection } = editor.state;
    const kind = NODES[selection.node?.type.name];
    if (kind) {
      const dom = editor.view.nodeDOM(selection.from);
      const box = dom?.getBoundingClientRect?.();
      if (box && box.bottom > 0 && box.top < innerHeight) return show(kind, box, { focus }), true;
    }
    if (selection.empty && editor.isActive("link")) {
      return show("link", rectangleAt(editor, selection.from), { focus }), true;
    }
    close();
    return false;
  }

  for (const [kind, panel] of panels) {
    panel.addEventListener("input", (event) => {
      const { name, value, type, checked } = event.target;
      if (!name || kind === "link") return;
      if (type !== "color" || hexColour(value)) change(editor, kind, name, type === "checkbox" ? checked : value);
      if (type === "checkbox") showUnless(panel, { [name]: checked });
      if (kind === "button" && name === "color") {
        change(editor, kind, "textColor", inkOn(value));
        panel.querySelector("[name=textColor]").value = inkOn(value);
      }
    });
    panel.addEventListener("change", (event) => {
      if (event.target.name === "href" && kind !== "link") event.target.value = completeLink(event.target.value);
    });
    panel.addEventListener("keydown", (event) => {
      if (event.defaultPrevented) return;
      if (event.key === "Escape" || (event.key === "Enter" && event.target.matches("input"))) {
        event.preventDefault();
        event.stopPropagation();
        if (event.key === "Enter" && kind === "link") applyLink(editor, panel);
        close({ refocus: true });
      }
    });
    panel.addEventListener("click", (event) => {
      const wish = event.target.closest("[data-panel-does]")?.dataset.panelDoes;
      if (!wish) return;
      if (wish === "apply") applyLink(editor, panel);
      else if (wish === "unlink") editor.chain().extendMarkRange("link").unsetLink().run();
      else if (wish === "remove") editor.commands.deleteSelection();
      else if (wish === "removeCondition") editor.commands.removeCondition();
      else if (wish === "replace") {
        close();
        pictures.choose({ replacing: true });
        return;
      }
      close({ refocus: true });
    });
  }
  document.addEventListener("focusin", (event) => {
    const stays = open && (open.contains(event.target) || editor.view.dom.contains(event.target));
    if (open && !stays && !event.target.closest("[role=listbox]")) close();
  });
  addEventListener("scroll", () => {
    // It stays beside what it belongs to, while that can be seen.
    if (open && editor.view.hasFocus()) follow();
  }, { passive: true });
  editor.on("selectionUpdate", () => {
    if (editor.view.hasFocus()) follow();
  });

  return {
    follow,
    close,
    isOpen: () => open !== null,
    openLink() {
      if (editor.isActive("link")) editor.commands.extendMarkRange("link");
      show("link", rectangleAt(editor, editor.state.selection.to), { focus: true });
    },
    openCondition(rectangle) {
      show("condition", rectangle, { focus: true });
    },
  };
}

// The first field that is shown: some are there only at times.
function firstOf(panel) {
  return [...panel.querySelectorAll("input, select, textarea")].find((field) => field.getClientRects().length);
}

function rectangleAt(editor, position) {
  const at = editor.view.coordsAtPos(position);
  return new DOMRect(at.left, at.top, 1, at.bottom - at.top);
}

function attrsOf(editor, kind) {
  if (kind !== "link") return editor.getAttributes(kind);
  const { empty } = editor.state.selection;
  return { href: editor.getAttributes("link").href ?? "", text: "", needsText: empty && !editor.isActive("link") };
}

function fill(panel, attrs) {
  for (const input of panel.querySelectorAll("[name]")) {
    const value = attrs[input.name];
    if (input.type === "radio") {
      input.checked = input.value === (typeof value === "boolean" ? (value ? "empty" : "filled") : value);
    } else if (input.type === "checkbox") {
      input.checked = Boolean(value);
    } else if (input !== document.activeElement) {
      offer(input, value);
      input.value = value ?? "";
    }
  }
  showUnless(panel, attrs);
  for (const part of panel.querySelectorAll("[data-when]")) part.hidden = !attrs[part.dataset.when];
  for (const part of panel.querySelectorAll("[data-note-of]")) {
    part.textContent = panel.dataset[part.dataset.noteOf] ?? "";
  }
}

// What is not asked for while a box is ticked.
function showUnless(panel, attrs) {
  for (const part of panel.querySelectorAll("[data-unless]")) part.hidden = Boolean(attrs[part.dataset.unless]);
}

// A list shows what the document has, even if the audience has no such field.
function offer(input, value) {
  if (!input.matches("select") || !value || [...input.options].some((option) => option.value === value)) return;
  input.add(new Option(value, value));
}

function change(editor, kind, name, text) {
  const value = name in READ ? READ[name](text) : text;
  if (kind === "condition") {
    editor.commands.changeCondition({ [name]: value });
    return;
  }
  editor.commands.command(({ state, tr }) => {
    if (state.selection.node?.type.name !== kind) return false;
    tr.setNodeAttribute(state.selection.from, name, value);
    return true;
  });
}

function applyLink(editor, panel) {
  const href = completeLink(panel.querySelector("[name=href]").value);
  const text = panel.querySelector("[name=text]").value.trim();
  const chain = focused(editor);
  if (!href) chain.extendMarkRange("link").unsetLink().run();
  else if (editor.isActive("link")) chain.extendMarkRange("link").setLink({ href }).run();
  else if (!editor.state.selection.empty) chain.setLink({ href }).run();
  else chain.insertContent({ type: "text", text: text || href, marks: [{ type: "link", attrs: { href } }] }).run();
}
