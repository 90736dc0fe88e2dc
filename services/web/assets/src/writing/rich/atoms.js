// Blocks without text of their own: image and button. Chosen with a click or the arrow keys,
// edited in their panel (panels.js).
import { Node } from "@tiptap/core";
import { redrawn } from "./node-view.js";
import { WIDEST_PX, hexColour, isLink, whole } from "./values.js";

const SIDES = ["left", "center", "right"];
const side = (found, otherwise) => (SIDES.includes(found) ? found : otherwise);

export const MailImage = Node.create({
  name: "image",
  group: "block",
  atom: true,
  draggable: true,
  addOptions() {
    return { words: {} };
  },
  addAttributes() {
    return {
      src: { default: "" },
      alt: { default: "" },
      decorative: { default: false, parseHTML: (element) => element.getAttribute("alt") === "" },
      title: { default: null },
      width: {
        default: null,
        parseHTML: (element) => whole(element.getAttribute("width"), 1, WIDEST_PX),
      },
      align: {
        default: "center",
        parseHTML: (element) => side(element.dataset.align ?? element.getAttribute("align"), "center"),
      },
      href: {
        default: null,
        parseHTML: (element) => {
          const address = element.closest("a[href]")?.getAttribute("href");
          return isLink(address) ? address : null;
        },
      },
    };
  },
  parseHTML() {
    return [{ tag: "img[src]" }];
  },
  renderHTML({ node }) {
    const { src, alt, decorative, title, width, align, href } = node.attrs;
    const image = { src, "data-align": align };
    // Copied without one it is still to be described; with an empty one it is decoration.
    if (alt || decorative) image.alt = decorative ? "" : alt;
    if (width) image.width = width;
    if (title) image.title = title;
    return ["div", { class: "mail-image", "data-align": align }, href ? ["a", { href }, ["img", image]] : ["img", image]];
  },
  addNodeView() {
    return ({ node }) => {
      const dom = document.createElement("div");
      dom.className = "mail-image";
      const image = document.createElement("img");
      const note = document.createElement("span");
      note.className = "mail-image-note";
      dom.append(image, note);
      const show = ({ attrs }) => {
        dom.dataset.align = attrs.align;
        if (image.getAttribute("src") !== attrs.src) image.src = attrs.src;
        image.alt = attrs.alt ?? "";
        image.width = attrs.width ?? 0;
        if (!attrs.width) image.removeAttribute("width");
        note.hidden = Boolean(attrs.alt) || attrs.decorative;
        note.textContent = note.hidden ? "" : this.options.words.noAlt;
      };
      return redrawn(node, dom, show);
    };
  },
});

export const MailButton = Node.create({
  name: "button",
  group: "block",
  atom: true,
  draggable: true,
  addAttributes() {
    return {
      label: { default: "", parseHTML: (element) => element.textContent },
      href: { default: "", parseHTML: (element) => element.getAttribute("href") ?? "" },
      align: { default: "center", parseHTML: (element) => side(element.dataset.align, "center") },
      color: { default: "#b3261e", parseHTML: (element) => hexColour(element.dataset.color) ?? "#b3261e" },
      textColor: { default: "#ffffff", parseHTML: (element) => hexColour(element.dataset.textColor) ?? "#ffffff" },
    };
  },
  parseHTML() {
    return [{ tag: "a[data-mail-button]", priority: 1100 }];
  },
  renderHTML({ node }) {
    const { label, href, align, color, textColor } = node.attrs;
    const named = { "data-mail-button": "", "data-align": align, "data-color": color, "data-text-color": textColor };
    return ["a", { ...named, href }, label];
  },
  addNodeView() {
    return ({ node }) => {
      const dom = document.createElement("div");
      dom.className = "mail-button";
      const face = document.createElement("span");
      dom.append(face);
      const show = ({ attrs }) => {
        dom.dataset.align = attrs.align;
        dom.toggleAttribute("data-no-link", !attrs.href);
        face.textContent = attrs.label || "…";
        face.style.backgroundColor = attrs.color;
        face.style.color = attrs.textColor;
      };
      return redrawn(node, dom, show);
    };
  },
});
