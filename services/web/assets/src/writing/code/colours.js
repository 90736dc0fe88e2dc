// The colours of code, light and dark: those of the page (writing.css), by CSS variables.
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const theme = EditorView.theme({
  "&": { color: "var(--tblr-body-color)", backgroundColor: "var(--tblr-bg-forms)", fontSize: ".875rem" },
  "&.cm-focused": { outline: "2px solid var(--tblr-focus-ring-color)", outlineOffset: "0" },
  ".cm-scroller": { fontFamily: "var(--tblr-font-monospace)", lineHeight: "1.55", minHeight: "26rem", maxHeight: "40rem" },
  ".cm-content": { caretColor: "var(--tblr-body-color)", padding: ".6rem 0" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--tblr-body-color)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "light-dark(#cfe3f8, #274566)",
  },
  ".cm-gutters": { minHeight: "26rem", color: "var(--tblr-secondary-color)", backgroundColor: "var(--tblr-bg-surface-secondary)", border: "0" },
  ".cm-activeLine": { backgroundColor: "light-dark(#f5f1ec66, #ffffff0a)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--tblr-border-color)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "transparent", outline: "1px solid var(--line-of-forms)" },
  ".cm-selectionMatch": { backgroundColor: "light-dark(#fff3c4, #4a3d12)" },
  ".cm-searchMatch": { backgroundColor: "light-dark(#ffe58f, #6b5310)" },
  ".cm-placeholder": { color: "var(--tblr-secondary-color)" },
  ".cm-foldPlaceholder": { color: "var(--tblr-body-color)", backgroundColor: "var(--tblr-border-color)", border: "0" },
  ".cm-panels": { color: "var(--tblr-body-color)", backgroundColor: "var(--tblr-bg-surface-secondary)" },
  ".cm-panels-top": { borderBottom: "1px solid var(--tblr-border-color)" },
  ".cm-textfield": { backgroundColor: "var(--tblr-bg-forms)", borderColor: "var(--line-of-forms)", color: "inherit", fontSize: ".85rem" },
  ".cm-button": { backgroundImage: "none", backgroundColor: "var(--tblr-bg-surface)", border: "1px solid var(--line-of-forms)", color: "inherit", fontSize: ".85rem" },
  ".cm-tooltip": { color: "var(--tblr-body-color)", backgroundColor: "var(--tblr-bg-surface)", border: "1px solid var(--tblr-border-color)", borderRadius: "8px", overflow: "hidden" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "inherit", maxHeight: "16rem" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: ".35rem .7rem" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { color: "var(--tblr-heading-color)", backgroundColor: "var(--accent-wash)" },
  ".cm-completionDetail": { color: "var(--tblr-secondary-color)", fontStyle: "normal" },
  ".cm-merge-field, .cm-merge-field *": { color: "var(--tblr-link-color)", backgroundColor: "var(--accent-wash)", borderRadius: "3px" },
  ".cm-merge-tag, .cm-merge-tag *": { color: "var(--busy-text)" },
});

const style = HighlightStyle.define([
  { tag: tags.tagName, color: "light-dark(#8a1f6b, #f0a6dc)" },
  { tag: tags.angleBracket, color: "var(--tblr-secondary-color)" },
  { tag: tags.attributeName, color: "light-dark(#7a4a00, #f0c078)" },
  { tag: [tags.attributeValue, tags.string], color: "light-dark(#0c5f3a, #83d8ab)" },
  { tag: tags.comment, color: "var(--tblr-secondary-color)", fontStyle: "italic" },
  { tag: [tags.keyword, tags.propertyName], color: "light-dark(#17568f, #92c8f8)" },
  { tag: [tags.number, tags.unit, tags.color], color: "light-dark(#7a4a00, #f0c078)" },
  { tag: [tags.character, tags.atom], color: "light-dark(#17568f, #92c8f8)" },
  { tag: tags.invalid, color: "var(--bad-text)" },
]);

export const colours = [theme, syntaxHighlighting(style)];
