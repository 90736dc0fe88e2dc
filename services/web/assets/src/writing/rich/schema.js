// The document of a rich mail: exactly the nodes, marks and attributes that the server renders.
import { Extension } from "@tiptap/core";
import TextAlign from "@tiptap/extension-text-align";
import { Gapcursor, Placeholder } from "@tiptap/extensions";
import StarterKit from "@tiptap/starter-kit";
import { Document } from "@tiptap/extension-document";
import { OrderedList } from "@tiptap/extension-ordered-list";
import { MailButton, MailImage } from "./atoms.js";
import { Column, Columns, Condition, tables } from "./boxes.js";
import { Direction, MailLink, MailTextStyle } from "./marks.js";
import { MergeField } from "./merge-field.js";

const own = (...names) => Object.fromEntries(names.map((name) => [name, false]));

// The look of the whole mail lies on the document.
const MailDocument = Document.extend({
  content: "(block | columns)+",
  addAttributes() {
    const unset = { default: null, rendered: false };
    return { accent: unset, background: unset, font: unset };
  },
});

const MailOrderedList = OrderedList.extend({
  addAttributes() {
    return {
      start: {
        default: 1,
        parseHTML: (element) => Math.max(1, parseInt(element.getAttribute("start"), 10) || 1),
      },
    };
  },
});

// The keys of the composer itself; `keys` answers true when it took one.
const Keys = Extension.create({
  name: "composerKeys",
  priority: 1000,
  addOptions() {
    return { keys: {} };
  },
  addKeyboardShortcuts() {
    return this.options.keys;
  },
});

export function extensionsOf({ words, fields, keys }) {
  return [
    MailDocument,
    StarterKit.configure({
      ...own("document", "codeBlock", "link", "orderedList", "gapcursor"),
      heading: { levels: [1, 2, 3] },
      dropcursor: { color: false, class: "drop-cursor", width: 3 },
    }),
    MailOrderedList,
    Gapcursor,
    MailLink,
    MailTextStyle,
    TextAlign.configure({ types: ["heading", "paragraph"] }),
    Direction,
    MailImage.configure({ words }),
    MailButton,
    Columns,
    Column,
    Condition.configure({ words }),
    ...tables,
    MergeField.configure({ words, fields }),
    Placeholder.configure({ placeholder: words.placeholder, showOnlyCurrent: true }),
    Keys.configure({ keys }),
  ];
}

// The document as it is stored: without pictures that are still on their way, and without the
// empty line that the editor keeps below the last block.
export function stored(document) {
  const found = withoutPending(document);
  const content = [...found.content];
  while (content.length > 1 && isEmptyLine(content.at(-1)) && content.at(-2).type !== "paragraph") content.pop();
  const attrs = Object.fromEntries(Object.entries(found.attrs ?? {}).filter(([, value]) => value !== null));
  return { type: "doc", ...(Object.keys(attrs).length ? { attrs } : {}), content };
}

// A button that is being written has no words or no link yet; the checks before sending find it.
const whole = ({ label, href }) => ({ label: label.trim() || "…", href: href.trim() || "https://" });

const isEmptyLine = (node) => node.type === "paragraph" && !node.content?.length;

function withoutPending(node) {
  if (node.type === "button") return { ...node, attrs: { ...node.attrs, ...whole(node.attrs) } };
  if (!node.content) return node;
  const content = node.content
    .filter((child) => child.type !== "image" || child.attrs.src)
    .map(withoutPending);
  const needsBlock = ["doc", "column", "tableCell", "tableHeader", "condition", "blockquote"];
  if (!content.length && needsBlock.includes(node.type)) content.push({ type: "paragraph" });
  return { ...node, content };
}
