// Writing rich text: TipTap on the document that the form carries as JSON.
import { Editor } from "@tiptap/core";
import { DOMParser as PageParser } from "@tiptap/pm/model";
import { makeSuggestions } from "../suggesting.js";
import { behindChosen, focused } from "./commands.js";
import { findInDocument } from "./finding.js";
import { wireLook } from "./look.js";
import { wirePanels } from "./panels.js";
import { cleanPasted, howMuch, showStyles } from "./pasting.js";
import { makePictures } from "./pictures.js";
import { extensionsOf, stored } from "./schema.js";
import { FieldSuggestions } from "./suggesting-fields.js";
import { wireToolbar } from "./toolbar.js";

const EMPTY = { type: "doc", content: [{ type: "paragraph" }] };

// place: the page's parts (templates/compose/rich.html). Returns what every way of writing has:
// read(), isEmpty(), insertField(name),
// focus(), find(words), onChange(told).
export function open({ place, source, fields, suggestions, ask, send, say }) {
  const words = place.dataset;
  const parts = {};
  const editor = new Editor({
    element: place.querySelector("[data-canvas]"),
    injectCSS: false,
    content: source.value ? JSON.parse(source.value) : EMPTY,
    enableContentCheck: true,
    onContentError({ error }) {
      throw error;
    },
    extensions: [
      ...extensionsOf({ words: wordsOf(words), fields, keys: keysOf(parts) }),
      FieldSuggestions.configure({ fields, makeList: (onPick) => makeSuggestions(suggestions, { onPick }) }),
    ],
    editorProps: {
      attributes: {
        role: "textbox", "aria-multiline": "true", "aria-label": words.label, "aria-describedby": "rich-help",
        class: "mail-canvas", spellcheck: "true",
      },
      transformPastedHTML: (html) =>
        cleanPasted(html, {
          onPicture: (address) => parts.pictures.fromData(address),
          onLost: () => say(words.sayPictureLost, "wait"),
        }),
      // Reads what is pasted, with the styles that were set aside while it was parsed.
      clipboardParser: {
        parseSlice(dom, options) {
          showStyles(dom);
          return PageParser.fromSchema(editor.schema).parseSlice(dom, options);
        },
      },
      handleDOMEvents: { paste: (view, event) => refuseLarge(view, event, say, words), beforeinput: typeOver },
      handlePaste(_view, event) {
        setTimeout(() => parts.pictures.sendWaiting());
        const { files, types } = event.clipboardData ?? {};
        return Boolean(files?.length) && !types.includes("text/html") && parts.pictures.take(files);
      },
      handleDrop(view, event, _slice, moved) {
        if (moved || !event.dataTransfer?.files.length) {
          setTimeout(() => parts.pictures.sendWaiting());
          return false;
        }
        const at = view.posAtCoords({ left: event.clientX, top: event.clientY });
        event.preventDefault();
        if (!parts.pictures.take(event.dataTransfer.files, at?.pos)) say(words.sayNoPicture, "wait");
        return true;
      },
      handleDoubleClickOn: () => {
        parts.panels.follow({ focus: true });
        return false;
      },
    },
  });
  parts.pictures = makePictures(editor, { ask, send, say });
  parts.panels = wirePanels(document, editor, { pictures: parts.pictures });
  parts.toolbar = wireToolbar(place, editor);
  wireLook(place, editor);
  wireInserts(place, editor, parts);
  return {
    name: "source",
    read: () => JSON.stringify(stored(editor.getJSON())),
    isEmpty: () => editor.isEmpty,
    focus: () => editor.view.focus(),
    find(wanted) {
      const isThere = findInDocument(editor, wanted);
      // A panel opens beside what is in sight, which it is by now.
      if (isThere) parts.panels.follow();
      return isThere;
    },
    element: editor.view.dom,
    insertField: (name) => focused(editor).insertContent({ type: "mergeField", attrs: { field: name } }).run(),
    onChange: (told) => editor.on("update", told),
  };
}

// Buttons that open something before they insert anything.
function wireInserts(place, editor, { panels, pictures }) {
  const acts = {
    link: () => panels.openLink(),
    image: () => pictures.choose(),
    button: () => {
      const accent = editor.state.doc.attrs.accent ?? "#b3261e";
      const label = place.dataset.sayButton;
      // The panel takes the focus.
      behindChosen(editor.chain()).insertContent({ type: "button", attrs: { label, href: "", color: accent } }).run();
      selectBack(editor, "button");
      panels.follow({ focus: true });
    },
    field: () => {
      focused(editor).insertContent("{{").run();
    },
    editCondition: () => panels.openCondition(conditionBox(editor)),
  };
  place.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) {
      opener.closest("[popover]")?.hidePopover();
      acts[opener.dataset.opens]();
    }
    const label = event.target.closest(".mail-condition-label");
    if (label) {
      const inside = editor.view.posAtDOM(label.nextElementSibling, 0);
      editor.commands.setTextSelection(inside + 1);
      panels.openCondition(label.getBoundingClientRect());
    }
  });
}

// After an insertion the cursor stands behind the block: choose the block itself.
function selectBack(editor, type) {
  const { $from } = editor.state.selection;
  let found = null;
  editor.state.doc.nodesBetween(0, Math.min($from.pos, editor.state.doc.content.size), (node, position) => {
    if (node.type.name === type) found = position;
  });
  if (found !== null) editor.commands.setNodeSelection(found);
}

function conditionBox(editor) {
  const { node } = editor.view.domAtPos(editor.state.selection.from);
  const element = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
  return (element.closest(".mail-condition") ?? element).querySelector(".mail-condition-label, *")?.getBoundingClientRect() ?? element.getBoundingClientRect();
}

function keysOf(parts) {
  return {
    "Alt-F10": () => {
      parts.toolbar.focus();
      return true;
    },
    "Mod-k": ({ editor }) => {
      // The browser tells of a new selection after the next key, where keys wait in a line.
      editor.view.domObserver.flush();
      parts.panels.openLink();
      return true;
    },
    Enter: ({ editor }) => Boolean(editor.state.selection.node) && parts.panels.follow({ focus: true }),
    Escape: () => {
      const was = parts.panels.isOpen();
      parts.panels.close();
      return was;
    },
  };
}

// Chromium keeps the look of what is typed over by style attributes, which the page's policy
// forbids: the words are put there without it.
function typeOver(view, event) {
  const { from, to, empty } = view.state.selection;
  if (event.inputType !== "insertText" || !event.data || empty || view.composing) return false;
  event.preventDefault();
  const text = event.data;
  const change = () => view.state.tr.insertText(text, from, to);
  const isTaken = view.someProp("handleTextInput", (take) => take(view, from, to, text, change));
  if (!isTaken) view.dispatch(change().scrollIntoView());
  return true;
}

function refuseLarge(view, event, say, words) {
  const html = event.clipboardData?.getData("text/html") ?? "";
  const text = event.clipboardData?.getData("text/plain") ?? "";
  const taken = howMuch(html, text);
  if (taken === "whole") return false;
  event.preventDefault();
  say(words[taken === "text" ? "sayPastedText" : "sayTooLarge"], "bad");
  if (taken === "text") view.pasteText(text);
  return true;
}

function wordsOf({ placeholder, sayNoAlt, sayIfFilled, sayIfEmpty, sayElse }) {
  return { placeholder, noAlt: sayNoAlt, ifFilled: sayIfFilled, ifEmpty: sayIfEmpty, else: sayElse };
}
