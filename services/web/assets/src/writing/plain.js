// Writing plain text: the textarea itself, which grows with its words.
import { mark } from "./mending.js";

export function open({ source, insertField }) {
  const grow = () => {
    source.style.height = "auto";
    source.style.height = `${source.scrollHeight + 4}px`;
  };
  if (!CSS.supports("field-sizing", "content")) {
    source.addEventListener("input", grow);
    grow();
  }
  return {
    name: "text",
    read: () => source.value,
    isEmpty: () => !source.value.trim(),
    focus: () => source.focus(),
    find: (wanted) => mark(source, wanted),
    element: source,
    insertField: (name) => insertField(source, name),
    onChange: (told) => source.addEventListener("input", told),
  };
}
