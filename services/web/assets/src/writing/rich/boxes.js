// Blocks that hold blocks: two columns (on the page itself or in a condition, nowhere else), a
// condition, and TipTap's table with our attributes.
import { Node, findParentNode } from "@tiptap/core";
import { TextSelection } from "@tiptap/pm/state";
import { Table, TableCell, TableHeader, TableRow } from "@tiptap/extension-table";

export const Column = Node.create({
  name: "column",
  content: "block+",
  isolating: true,
  parseHTML() {
    return [{ tag: "div[data-column]" }];
  },
  renderHTML() {
    return ["div", { "data-column": "" }, 0];
  },
});

export const Columns = Node.create({
  name: "columns",
  content: "column column",
  isolating: true,
  defining: true,
  parseHTML() {
    return [{ tag: "div[data-columns]" }];
  },
  renderHTML() {
    return ["div", { "data-columns": "" }, 0];
  },
  addCommands() {
    const around = (state) => findParentNode((node) => node.type === this.type)(state.selection);
    return {
      insertColumns: () => ({ state, chain }) => {
        const inside = ["columns", "listItem", "blockquote", "table"];
        if (inside.some((name) => findParentNode((node) => node.type.name === name)(state.selection))) return false;
        const column = { type: "column", content: [{ type: "paragraph" }] };
        return chain().insertContent({ type: "columns", content: [column, column] }).command(intoFirst).run();
      },
      swapColumns: () => ({ state, tr, dispatch }) => {
        const found = around(state);
        if (!found) return false;
        const { node, pos } = found;
        const swapped = node.copy(node.content.cut(0, 0).addToEnd(node.child(1)).addToEnd(node.child(0)));
        if (dispatch) tr.replaceWith(pos, pos + node.nodeSize, swapped);
        return true;
      },
      // What stands in them stays, one column below the other.
      removeColumns: () => ({ state, tr, dispatch }) => {
        const found = around(state);
        if (!found) return false;
        const { node, pos } = found;
        const rest = node.child(0).content.append(node.child(1).content);
        if (dispatch) tr.replaceWith(pos, pos + node.nodeSize, rest);
        return true;
      },
    };
  },
});

export const Condition = Node.create({
  name: "condition",
  group: "block",
  content: "(block | columns)+",
  defining: true,
  isolating: true,
  addOptions() {
    return { words: {} };
  },
  addAttributes() {
    return {
      field: { default: "name", parseHTML: (element) => element.dataset.condition },
      negate: { default: false, parseHTML: (element) => element.hasAttribute("data-negate") },
    };
  },
  parseHTML() {
    return [{ tag: "div[data-condition]" }];
  },
  renderHTML({ node }) {
    const { field, negate } = node.attrs;
    return ["div", { "data-condition": field, ...(negate ? { "data-negate": "" } : {}) }, 0];
  },
  addNodeView() {
    return ({ node }) => {
      const dom = document.createElement("div");
      dom.className = "mail-condition";
      const label = document.createElement("div");
      label.className = "mail-condition-label";
      label.contentEditable = "false";
      const contentDOM = document.createElement("div");
      dom.append(label, contentDOM);
      const show = ({ attrs }) => {
        const words = attrs.negate ? this.options.words.ifEmpty : this.options.words.ifFilled;
        label.textContent = words.replace("{}", attrs.field);
      };
      show(node);
      return {
        dom,
        contentDOM,
        ignoreMutation: (change) => change.type !== "selection" && !contentDOM.contains(change.target),
        update(next) {
          if (next.type !== node.type) return false;
          show(next);
          return true;
        },
      };
    };
  },
  addCommands() {
    const around = (state) => findParentNode((node) => node.type === this.type)(state.selection);
    return {
      addCondition: (attrs) => ({ commands }) => commands.wrapIn(this.name, attrs),
      changeCondition: (attrs) => ({ commands }) => commands.updateAttributes(this.name, attrs),
      removeCondition: () => ({ state, tr, dispatch }) => {
        const found = around(state);
        if (!found) return false;
        if (dispatch) tr.replaceWith(found.pos, found.pos + found.node.nodeSize, found.node.content);
        return true;
      },
    };
  },
});

// The cursor goes where a reader begins: into the first column of the two above it.
function intoFirst({ tr }) {
  const end = tr.selection.$from;
  for (let depth = end.depth; depth > 0; depth -= 1) {
    if (end.node(depth).type.name === "columns") {
      tr.setSelection(TextSelection.near(tr.doc.resolve(end.start(depth) + 1)));
      break;
    }
  }
  return true;
}

const ALIGNMENTS = ["left", "center", "right", "justify"];

function widths(element) {
  const found = (element.getAttribute("colwidth") ?? "").split(",").map((part) => parseInt(part, 10));
  return found.length && found.every((width) => width > 0) ? found : null;
}

const span = (name) => ({
  default: 1,
  parseHTML: (element) => Math.max(1, Math.min(20, parseInt(element.getAttribute(name), 10) || 1)),
});

// A table stands in no table.
const cell = {
  content: "(paragraph | heading | bulletList | orderedList | blockquote | horizontalRule | image | button | condition)+",
  addAttributes() {
    return {
      colspan: span("colspan"),
      rowspan: span("rowspan"),
      colwidth: { default: null, parseHTML: widths },
      textAlign: {
        default: null,
        parseHTML: (element) => (ALIGNMENTS.includes(element.style.textAlign) ? element.style.textAlign : null),
        renderHTML: ({ textAlign }) => (textAlign ? { style: `text-align: ${textAlign}` } : {}),
      },
    };
  },
};

export const tables = [
  Table.configure({ resizable: false }),
  TableRow,
  TableCell.extend(cell),
  // Not a <th> while it is written: one without words is no heading yet (axe).
  TableHeader.extend({
    ...cell,
    parseHTML: () => [{ tag: "td[data-header]", priority: 60 }, { tag: "th" }],
    renderHTML: ({ HTMLAttributes }) => ["td", { ...HTMLAttributes, "data-header": "" }, 0],
  }),
];
