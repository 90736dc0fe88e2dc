// Marks and attributes that differ from TipTap's own: only what the mail's document knows.
import { Extension } from "@tiptap/core";
import { Link } from "@tiptap/extension-link";
import { TextStyle } from "@tiptap/extension-text-style";
import { hexColour, isLink, pixels } from "./values.js";

export const MailLink = Link.extend({
  inclusive: () => false,
  addAttributes() {
    return { href: { default: null } };
  },
  renderHTML({ HTMLAttributes }) {
    return ["a", { href: HTMLAttributes.href, rel: "noopener" }, 0];
  },
}).configure({
  openOnClick: false,
  defaultProtocol: "https",
  HTMLAttributes: { target: null, rel: null, class: null },
  isAllowedUri: (address) => isLink(address),
});

const STYLES = [
  ["color", "color", hexColour],
  ["backgroundColor", "background-color", hexColour],
  ["fontSize", "font-size", pixels],
];

export const MailTextStyle = TextStyle.extend({
  addAttributes() {
    return Object.fromEntries(
      STYLES.map(([name, property, read]) => [
        name,
        {
          default: null,
          parseHTML: (element) => read(element.style.getPropertyValue(property)),
          renderHTML: (attributes) =>
            attributes[name] ? { style: `${property}: ${attributes[name]}` } : {},
        },
      ]),
    );
  },
  addCommands() {
    return {
      // Sets one part of the style of the selection, or takes it away with null.
      styleText: (part) => ({ chain }) =>
        chain().setMark("textStyle", part).removeEmptyTextStyle().run(),
      ...this.parent?.(),
    };
  },
});

// The direction of a paragraph; without one the browser finds it from the letters.
export const Direction = Extension.create({
  name: "direction",
  addGlobalAttributes() {
    return [
      {
        types: ["paragraph", "heading"],
        attributes: {
          dir: {
            default: null,
            parseHTML: (element) =>
              ["ltr", "rtl"].includes(element.getAttribute("dir")) ? element.getAttribute("dir") : null,
            renderHTML: (attributes) => ({ dir: attributes.dir ?? "auto" }),
          },
        },
      },
    ];
  },
  addCommands() {
    return {
      setDirection: (dir) => ({ chain }) =>
        chain().updateAttributes("paragraph", { dir }).updateAttributes("heading", { dir }).run(),
    };
  },
});
