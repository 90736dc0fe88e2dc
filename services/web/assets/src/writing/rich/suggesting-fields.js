// "{{" in the mail opens the list of fields; the one that is taken becomes a chip.
import { Extension } from "@tiptap/core";
import { Plugin } from "@tiptap/pm/state";
import { focused } from "./commands.js";
import { openTag } from "../fields.js";

export const FieldSuggestions = Extension.create({
  name: "fieldSuggestions",
  priority: 1000,
  addOptions() {
    return { fields: null, makeList: null };
  },
  addProseMirrorPlugins() {
    const { fields, makeList } = this.options;
    const { editor } = this;
    const typed = () => {
      const { selection } = editor.state;
      if (!selection.empty || !selection.$from.parent.isTextblock) return null;
      const before = selection.$from.parent.textBetween(0, selection.$from.parentOffset, "\n", "\ufffc");
      return openTag(before);
    };
    const list = makeList((name) => {
      const tag = typed();
      const to = editor.state.selection.to;
      list.close();
      focused(editor).insertContentAt({ from: to - (tag?.length ?? 0), to }, { type: "mergeField", attrs: { field: name } }).run();
    });
    let dismissed = false;
    return [
      new Plugin({
        props: {
          handleKeyDown(_view, event) {
            if (event.key === "Escape" && list.isOpen()) dismissed = true;
            return list.press(event.key);
          },
          handleDOMEvents: {
            blur() {
              list.close();
              return false;
            },
          },
        },
        view: () => ({
          update(view, before) {
            if (before.doc.eq(view.state.doc) && before.selection.eq(view.state.selection)) return;
            const tag = view.hasFocus() ? typed() : null;
            if (!tag) {
              dismissed = false;
              list.close();
            } else if (!dismissed) {
              const at = view.coordsAtPos(view.state.selection.from - tag.length);
              list.show(fields.match(tag.typed), new DOMRect(at.left, at.top, 1, at.bottom - at.top), view.dom);
            }
          },
          destroy: () => list.close(),
        }),
      }),
    ];
  },
});
