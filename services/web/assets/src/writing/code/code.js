// Writing HTML: CodeMirror in place of the textarea, which still carries the words to the server.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { html, htmlLanguage } from "@codemirror/lang-html";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import {
  EditorView, drawSelection, dropCursor, highlightActiveLine, highlightActiveLineGutter, keymap,
  lineNumbers, placeholder,
} from "@codemirror/view";
import { attributeOf, patternOf } from "../mending.js";
import { colours } from "./colours.js";
import { completeFields, tags } from "./merge-tags.js";

// Returns what every way of writing has: read(), isEmpty(), insertField(name), focus(),
// find(words), onChange(told).
export function open({ place, source, fields, say, ask, send }) {
  const words = place.dataset;
  const most = Number(source.dataset.most);
  const told = [];
  const view = new EditorView({
    parent: place.querySelector("[data-code]"),
    state: EditorState.create({
      doc: source.value,
      // Where somebody writes already.
      selection: { anchor: source.selectionStart, head: source.selectionEnd },
      extensions: [
        EditorView.cspNonce.of(words.nonce),
        lineNumbers(),
        history(),
        drawSelection(),
        dropCursor(),
        indentOnInput(),
        indentUnit.of("  "),
        bracketMatching(),
        closeBrackets(),
        highlightActiveLine(),
        highlightActiveLineGutter(),
        highlightSelectionMatches(),
        search({ top: true }),
        html({ autoCloseTags: true, matchClosingTags: true }),
        htmlLanguage.data.of({ autocomplete: completeFields(fields) }),
        autocompletion(),
        tags,
        colours,
        placeholder(words.placeholder),
        EditorView.lineWrapping,
        EditorState.phrases.of(phrasesOf(words)),
        EditorView.contentAttributes.of({
          "aria-label": words.label, "aria-describedby": "code-help", spellcheck: "false", autocapitalize: "off",
          // What scrolls is reached by keyboard, and says so to those who look for it (axe).
          tabindex: "0",
        }),
        // Tab goes on to the next field (WCAG 2.1.2); the lines are indented with Ctrl+].
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...completionKeymap]),
        EditorState.transactionFilter.of((change) => {
          if (!change.docChanged || change.newDoc.length <= most) return change;
          say(words.sayTooLarge, "bad");
          return [];
        }),
        EditorView.domEventHandlers({
          beforeinput: typeOver,
          paste: (event, editor) => pictures(event, event.clipboardData, editor),
          drop: (event, editor) => pictures(event, event.dataTransfer, editor),
        }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) for (const tell of told) tell();
        }),
      ],
    }),
  });

  function insert(text) {
    view.dispatch(view.state.replaceSelection(text));
    view.focus();
  }

  function picture({ url, alt, width }) {
    const quoted = (text) => String(text ?? "").replaceAll("&", "&amp;").replaceAll('"', "&quot;");
    const size = width ? ` width="${Math.min(width, 600)}"` : "";
    // Without one the checks ask for it; an empty one would say that it is only decoration.
    const said = alt ? ` alt="${quoted(alt)}"` : "";
    insert(`<img src="${quoted(url)}"${said}${size}>`);
  }

  function pictures(event, data, editor) {
    const files = [...(data?.files ?? [])].filter((file) => file.type.startsWith("image/"));
    if (!files.length) return false;
    event.preventDefault();
    editor.focus();
    for (const file of files) {
      send(file).then(({ picture: found, words: said }) => {
        if (found) picture(found);
        if (said) say(said, found ? "wait" : "bad");
      });
    }
    return true;
  }

  place.querySelector('[data-opens="image"]')?.addEventListener("click", async () => {
    const found = await ask();
    if (found) picture(found);
    else view.focus();
  });

  return {
    name: "html",
    read: () => view.state.doc.toString(),
    isEmpty: () => !view.state.doc.toString().trim(),
    focus: () => view.focus(),
    find(wanted) {
      const written = view.state.doc.toString();
      const found = attributeOf(wanted).exec(written) ?? patternOf(wanted).exec(written);
      if (!found) return false;
      const selection = { anchor: found.index, head: found.index + found[0].length };
      view.dispatch({ selection, effects: EditorView.scrollIntoView(selection.anchor, { y: "center" }) });
      view.focus();
      return true;
    },
    element: view.contentDOM,
    insertField: (name) => insert(`{{ ${name} }}`),
    onChange: (tell) => told.push(tell),
  };
}

// Chromium keeps the look of what is typed over by style attributes, which the page's policy
// forbids and CodeMirror takes away again: the words are put there without it.
function typeOver(event, view) {
  const { from, to, empty } = view.state.selection.main;
  if (event.inputType !== "insertText" || !event.data || empty || view.composing) return false;
  event.preventDefault();
  const text = event.data;
  const change = () => view.state.update(view.state.replaceSelection(text), { userEvent: "input.type" });
  if (!view.state.facet(EditorView.inputHandler).some((take) => take(view, from, to, text, change))) {
    view.dispatch(change());
  }
  return true;
}

// The words of CodeMirror's own parts, by which it asks for them.
function phrasesOf(words) {
  return {
    Find: words.sayFind, Replace: words.sayReplace, next: words.sayNext, previous: words.sayPrevious,
    all: words.sayAll, "match case": words.sayMatchCase, "by word": words.sayByWord,
    regexp: words.sayRegexp, replace: words.sayReplaceOne, "replace all": words.sayReplaceAll,
    close: words.sayClose, Completions: words.sayCompletions,
  };
}
