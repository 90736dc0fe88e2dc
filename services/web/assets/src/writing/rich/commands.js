// What the buttons of the toolbar do, and when they are shown as pressed or cannot be used.

import { Selection } from "@tiptap/pm/state";

// TipTap's own focus() waits for the next frame: keys that are pressed before it go elsewhere.
export function focused(editor) {
  editor.view.focus();
  return editor.chain().scrollIntoView();
}

// What is inserted goes behind the picture or button that is chosen, and not in its place.
export function behindChosen(chain) {
  return chain.command(({ tr }) => {
    const { selection } = tr;
    if (selection.node?.isBlock) tr.setSelection(Selection.near(tr.doc.resolve(selection.to), 1));
    return true;
  });
}

const toggled = (name, run) => ({ run, isOn: (editor) => editor.isActive(name) });
const block = (name, attrs) => ({
  run: (chain) => (name === "paragraph" ? chain.setParagraph() : chain.toggleHeading(attrs)),
  isOn: (editor) => editor.isActive(name, attrs) && (name !== "paragraph" || !editor.isActive("heading")),
});
const plain = (run, can = run) => ({ run, can });
const style = (name) => ({
  run: (chain, value) => chain.styleText({ [name]: value || null }),
  isOn: (editor, value) => (editor.getAttributes("textStyle")[name] ?? "") === (value ?? ""),
});

export const COMMANDS = {
  undo: plain((chain) => chain.undo()),
  redo: plain((chain) => chain.redo()),
  paragraph: block("paragraph"),
  heading1: block("heading", { level: 1 }),
  heading2: block("heading", { level: 2 }),
  heading3: block("heading", { level: 3 }),
  bold: toggled("bold", (chain) => chain.toggleBold()),
  italic: toggled("italic", (chain) => chain.toggleItalic()),
  underline: toggled("underline", (chain) => chain.toggleUnderline()),
  strike: toggled("strike", (chain) => chain.toggleStrike()),
  code: toggled("code", (chain) => chain.toggleCode()),
  color: style("color"),
  backgroundColor: style("backgroundColor"),
  fontSize: style("fontSize"),
  clear: plain((chain) => chain.unsetAllMarks().clearNodes()),
  bulletList: toggled("bulletList", (chain) => chain.toggleBulletList()),
  orderedList: toggled("orderedList", (chain) => chain.toggleOrderedList()),
  blockquote: toggled("blockquote", (chain) => chain.toggleBlockquote()),
  indent: plain((chain) => chain.sinkListItem("listItem")),
  outdent: plain((chain) => chain.liftListItem("listItem")),
  align: {
    run: (chain, value) => alignChosen(chain, value),
    isOn: (editor, value) => alignOf(editor) === value,
  },
  direction: {
    run: (chain, value) => chain.setDirection(value || null),
    isOn: (editor, value) => (editor.getAttributes("paragraph").dir ?? "") === (value ?? ""),
  },
  horizontalRule: plain((chain) => behindChosen(chain).setHorizontalRule()),
  columns: plain((chain) => behindChosen(chain).insertColumns()),
  swapColumns: plain((chain) => chain.swapColumns()),
  removeColumns: plain((chain) => chain.removeColumns()),
  table: plain((chain) => behindChosen(chain).insertTable({ rows: 3, cols: 3, withHeaderRow: true })),
  rowAbove: plain((chain) => chain.addRowBefore()),
  rowBelow: plain((chain) => chain.addRowAfter()),
  deleteRow: plain((chain) => chain.deleteRow()),
  columnBefore: plain((chain) => chain.addColumnBefore()),
  columnAfter: plain((chain) => chain.addColumnAfter()),
  deleteColumn: plain((chain) => chain.deleteColumn()),
  headerRow: toggled("tableHeader", (chain) => chain.toggleHeaderRow()),
  mergeOrSplit: plain((chain) => chain.mergeOrSplit()),
  deleteTable: plain((chain) => chain.deleteTable()),
  condition: plain((chain, value) => chain.addCondition({ field: value || "name", negate: false })),
  removeCondition: plain((chain) => chain.removeCondition()),
};

const BESIDE = ["image", "button"];

function alignChosen(chain, value) {
  return chain.command(({ state, commands }) => {
    const chosen = state.selection.node?.type.name;
    if (!BESIDE.includes(chosen)) return commands.setTextAlign(value);
    return value !== "justify" && commands.updateAttributes(chosen, { align: value });
  });
}

export function alignOf(editor) {
  const chosen = editor.state.selection.node?.type.name;
  if (BESIDE.includes(chosen)) return editor.getAttributes(chosen).align;
  const type = editor.isActive("heading") ? "heading" : "paragraph";
  return editor.getAttributes(type).textAlign ?? "left";
}
