// Pictures on their way into the mail: each has its place at once, and its address when the
// library has it. Dropped, pasted, or chosen.
import { behindChosen } from "./commands.js";
import { WIDEST_PX } from "./values.js";

let count = 0;

export function makePictures(editor, { ask, send, say }) {
  const waiting = new Map();

  function where(token) {
    let found = null;
    editor.state.doc.descendants((node, position) => {
      if (node.type.name === "image" && !node.attrs.src && node.attrs.title === token) found = position;
      return found === null;
    });
    return found;
  }

  function arrive(token, picture) {
    const position = where(token);
    if (position === null) return;
    const { tr } = editor.state;
    if (picture) {
      const values = { src: picture.url, alt: picture.alt ?? "", title: null, width: fitting(picture.width) };
      for (const [name, value] of Object.entries(values)) tr.setNodeAttribute(position, name, value);
    } else {
      tr.delete(position, position + 1);
    }
    editor.view.dispatch(tr.setMeta("addToHistory", false));
  }

  async function bring(token, file) {
    const { picture, words } = await send(file);
    arrive(token, picture);
    if (words) say(words, picture ? "wait" : "bad");
  }

  function nextToken() {
    count += 1;
    return `picture-${count}`;
  }

  return {
    // A data: address in pasted HTML; returns the token that stands for it.
    fromData(address) {
      const token = nextToken();
      waiting.set(token, address);
      return token;
    },
    // Sends what `fromData` noted, once it stands in the document.
    sendWaiting() {
      for (const [token, address] of waiting) {
        fileOf(address, token).then((file) => (file ? bring(token, file) : arrive(token, null)));
      }
      waiting.clear();
    },
    // Files that were dropped or pasted; answers whether any was a picture.
    take(files, position = editor.state.selection.to) {
      const pictures = [...files].filter((file) => file.type.startsWith("image/"));
      for (const file of pictures) {
        const token = nextToken();
        editor.commands.insertContentAt(position, { type: "image", attrs: { src: "", title: token } });
        bring(token, file);
      }
      return pictures.length > 0;
    },
    async choose({ replacing = false } = {}) {
      const picture = await ask();
      editor.view.focus();
      if (!picture) return;
      const attrs = { src: picture.url, alt: picture.alt ?? "", width: fitting(picture.width) };
      if (replacing) editor.commands.updateAttributes("image", attrs);
      else behindChosen(editor.chain()).insertContent({ type: "image", attrs: { ...attrs, align: "center" } }).run();
    },
  };
}

const fitting = (width) => (width ? Math.min(width, WIDEST_PX) : null);

async function fileOf(address, name) {
  const found = /^data:(image\/[a-z+.-]+);base64,(.+)$/is.exec(address);
  if (!found) return null;
  try {
    const bytes = Uint8Array.from(atob(found[2].replace(/\s/g, "")), (letter) => letter.charCodeAt(0));
    return new File([bytes], `${name}.${found[1].split("/")[1]}`, { type: found[1] });
  } catch {
    return null;
  }
}
