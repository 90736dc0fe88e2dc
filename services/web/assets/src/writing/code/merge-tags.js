// {{ field }} and {% if field %} in HTML: marked by colour, and completed.
import { Decoration, MatchDecorator, ViewPlugin } from "@codemirror/view";

const marker = new MatchDecorator({
  regexp: /\{\{[^{}\n]*\}\}|\{%[^{}%\n]*%\}/g,
  decoration: (match) => Decoration.mark({ class: match[0].startsWith("{{") ? "cm-merge-field" : "cm-merge-tag" }),
});

export const tags = ViewPlugin.define(
  (view) => ({
    marks: marker.createDeco(view),
    update(change) {
      this.marks = marker.updateDeco(change, this.marks);
    },
  }),
  { decorations: (plugin) => plugin.marks },
);

// Offers the fields of the audience after "{{" and after "{% if".
export function completeFields(fields) {
  return (context) => {
    const opened = context.matchBefore(/(\{\{\s*|\{%\s*if\s+(?:not\s+)?)[\p{L}\p{M}\p{N}_]*$/u);
    if (!opened) return null;
    const typed = /[\p{L}\p{M}\p{N}_]*$/u.exec(opened.text)[0];
    const closer = opened.text.startsWith("{{") ? " }}" : " %}";
    return {
      from: context.pos - typed.length,
      options: fields.all().map(({ name, note, missing }) => ({
        label: name,
        detail: note,
        type: "variable",
        boost: missing ? -1 : 0,
        apply: (view, _completion, from, to) => finish(view, from, to, name, closer),
      })),
      validFor: /^[\p{L}\p{M}\p{N}_]*$/u,
    };
  };
}

function finish(view, from, to, name, closer) {
  const after = view.state.sliceDoc(to, to + 12);
  const closed = /^\s*(\}\}|%\}|\})/.exec(after);
  const before = view.state.sliceDoc(Math.max(0, from - 1), from) === "{" ? " " : "";
  const text = before + name + closer;
  view.dispatch({
    changes: { from, to: to + (closed?.[0].length ?? 0), insert: text },
    selection: { anchor: from + text.length },
  });
}
