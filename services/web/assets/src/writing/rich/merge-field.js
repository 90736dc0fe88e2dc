// {{ field | default("…") }} as a chip; typing it whole, or pasting it, makes one too.
import { InputRule, Node, PasteRule } from "@tiptap/core";
import { redrawn } from "./node-view.js";

const TAG = String.raw`\{\{\s*([\p{L}\p{M}\p{N}_ -]+?)\s*((?:\|[^{}]*?)?)\}\}`;
const TYPED = new RegExp(`${TAG}$`, "u");
const PASTED = new RegExp(TAG, "gu");
const DEFAULT = /^default\s*\(\s*(?:"([^"]*)"|'([^']*)'|[“”„](.*)[“”])\s*\)$/u;
const FORMAT = /^(?:date\s*\(\s*["“'][^()]*["”']\s*\)|(?:number|lakh)\s*(?:\(\s*\d*\s*\))?|upper|lower|title)$/iu;

// Reads the filters of a tag. Returns null for what a chip cannot hold: it stays text.
export function readFilters(written) {
  const attrs = { fallback: null, format: null };
  for (const part of written.split("|").map((filter) => filter.trim()).filter(Boolean)) {
    const found = DEFAULT.exec(part);
    if (found) attrs.fallback = found[1] ?? found[2] ?? found[3] ?? "";
    else if (FORMAT.test(part) && attrs.format === null) attrs.format = part;
    else return null;
  }
  return attrs;
}

// The name as the server has it: "First Name" is first_name.
export function fieldName(written) {
  return written.normalize("NFKC").toLowerCase().replace(/[^\p{L}\p{M}\p{N}]+/gu, "_").replace(/^_+|_+$/g, "");
}

function attrsOf(match) {
  const filters = readFilters(match[2] ?? "");
  return filters && { field: fieldName(match[1]), ...filters };
}

export const MergeField = Node.create({
  name: "mergeField",
  group: "inline",
  inline: true,
  atom: true,
  selectable: true,
  addOptions() {
    return { words: {}, fields: null };
  },
  addAttributes() {
    const read = (name) => ({ default: null, parseHTML: (element) => element.getAttribute(`data-${name}`) });
    return { field: read("merge-field"), fallback: read("fallback"), format: read("format") };
  },
  parseHTML() {
    return [{ tag: "span[data-merge-field]" }];
  },
  renderHTML({ node }) {
    const { field, fallback, format } = node.attrs;
    const named = { "data-merge-field": field };
    if (fallback !== null) named["data-fallback"] = fallback;
    if (format !== null) named["data-format"] = format;
    return ["span", named, this.renderText({ node })];
  },
  renderText({ node }) {
    const { field, fallback, format } = node.attrs;
    const filters = [format, fallback !== null && `default("${fallback}")`].filter(Boolean);
    return `{{ ${[field, ...filters].join(" | ")} }}`;
  },
  addNodeView() {
    return ({ node }) => {
      const dom = document.createElement("span");
      dom.className = "field-chip";
      const name = document.createElement("span");
      const fallback = document.createElement("span");
      fallback.className = "field-chip-fallback";
      dom.append(name, fallback);
      const show = ({ attrs }) => {
        const known = this.options.fields.find(attrs.field);
        name.textContent = attrs.field;
        fallback.textContent = attrs.fallback ? this.options.words.else.replace("{}", attrs.fallback) : "";
        fallback.hidden = !attrs.fallback;
        dom.toggleAttribute("data-unknown", !known);
        dom.toggleAttribute("data-gaps", Boolean(known?.missing) && attrs.fallback === null);
        dom.title = this.options.fields.sayGaps(attrs.field);
      };
      return redrawn(node, dom, show);
    };
  },
  addInputRules() {
    return [
      new InputRule({
        find: TYPED,
        handler: ({ chain, range, match }) => {
          const attrs = attrsOf(match);
          if (!attrs?.field) return null;
          chain().deleteRange(range).insertContent({ type: this.name, attrs }).run();
          return undefined;
        },
      }),
    ];
  },
  addPasteRules() {
    return [
      new PasteRule({
        find: PASTED,
        handler: ({ chain, range, match }) => {
          const attrs = attrsOf(match);
          if (!attrs?.field) return null;
          chain().deleteRange(range).insertContentAt(range.from, { type: this.name, attrs }).run();
          return undefined;
        },
      }),
    ];
  },
});
