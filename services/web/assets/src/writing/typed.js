// Merge fields in plain inputs: a list opens after "{{", a click on a field's chip writes it.
import { openTag } from "./fields.js";
import { makeSuggestions } from "./suggesting.js";

const COPIED = [
  "boxSizing", "width", "paddingTop", "paddingRight", "paddingBottom", "paddingLeft", "fontFamily",
  "fontSize", "fontWeight", "fontStyle", "letterSpacing", "lineHeight", "textTransform", "tabSize",
  "borderTopWidth", "borderRightWidth", "borderBottomWidth", "borderLeftWidth", "direction",
];

export function suggestInInputs(inputs, box, fields) {
  for (const input of inputs) suggestIn(input, box, fields);
}

function suggestIn(input, box, fields) {
  const list = makeSuggestions(box, {
    onPick(name) {
      const tag = openTag(input.value.slice(0, input.selectionStart));
      const closed = /^\s*\}\}/.exec(input.value.slice(input.selectionEnd));
      const end = input.selectionEnd + (closed?.[0].length ?? 0);
      list.close();
      replace(input, input.selectionStart - (tag?.length ?? 0), end, `{{ ${name} }}`);
    },
  });
  const look = () => {
    const tag = openTag(input.value.slice(0, input.selectionStart));
    if (tag) list.show(fields.match(tag.typed), caretOf(input), input);
    else list.close();
  };
  input.addEventListener("input", look);
  input.addEventListener("blur", () => list.close());
  input.addEventListener("keydown", (event) => {
    if (list.press(event.key)) event.preventDefault();
  });
}

// Writes {{ name }} where the cursor is; undo of the browser takes it away again.
export function insertField(input, name) {
  input.focus();
  replace(input, input.selectionStart, input.selectionEnd, `{{ ${name} }}`);
}

function replace(input, from, to, text) {
  input.setSelectionRange(from, to);
  // The only way that keeps the undo of an input; setRangeText forgets it.
  if (document.execCommand("insertText", false, text)) return;
  input.setRangeText(text, from, to, "end");
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

// The rectangle of the cursor: a copy of the input, as text, up to there.
function caretOf(input) {
  const style = getComputedStyle(input);
  const copy = document.createElement("div");
  for (const name of COPIED) copy.style[name] = style[name];
  Object.assign(copy.style, {
    position: "absolute", visibility: "hidden", insetInlineStart: "-9999px",
    whiteSpace: input.matches("textarea") ? "pre-wrap" : "pre", overflowWrap: "break-word",
  });
  copy.textContent = input.value.slice(0, input.selectionStart);
  const mark = document.createElement("span");
  mark.textContent = "\u200b";
  copy.append(mark);
  document.body.append(copy);
  const box = input.getBoundingClientRect();
  const [copied, at] = [copy.getBoundingClientRect(), mark.getBoundingClientRect()];
  const left = Math.min(box.left + at.left - copied.left - input.scrollLeft, box.right - 20);
  const top = box.top + at.top - copied.top - input.scrollTop;
  copy.remove();
  return new DOMRect(left, top, 1, at.height);
}
