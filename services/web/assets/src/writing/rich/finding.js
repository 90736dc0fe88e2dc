// Finds in the document what a check is about: a link, a picture, a button, a field, or words.
import { patternOf, tagIn } from "../mending.js";

const ADDRESSES = ["href", "src"];

// Chooses it and scrolls to it. Returns whether it is there.
export function findInDocument(editor, wanted) {
  const found = placeOf(editor.state.doc, wanted);
  if (!found) return false;
  editor.view.focus();
  const chain = editor.chain();
  if (found.node) chain.setNodeSelection(found.from).run();
  else chain.setTextSelection(found).run();
  const place = found.node ? editor.view.nodeDOM(found.from) : editor.view.domAtPos(found.from).node;
  const element = place.nodeType === Node.ELEMENT_NODE ? place : place.parentElement;
  element.scrollIntoView({ block: "center", behavior: "instant" });
  return true;
}

function placeOf(doc, wanted) {
  const tag = tagIn(wanted).toLowerCase();
  const words = patternOf(wanted);
  let found = null;
  doc.descendants((node, from) => {
    if (found) return false;
    if (tag ? isField(node, tag) : ADDRESSES.some((name) => isAddress(node.attrs[name], wanted))) {
      found = { node: true, from };
    } else if (node.isText && node.marks.some((mark) => mark.attrs.href === wanted)) {
      found = { from, to: from + node.nodeSize };
    } else if (node.isTextblock && !isUnfilled(wanted)) {
      // An object in a line (a field, a break) is one place long, as it is in the document.
      const match = words.exec(node.textBetween(0, node.content.size, "", "\ufffc"));
      if (match) found = { from: from + 1 + match.index, to: from + 1 + match.index + match[0].length };
      if (found && linkComesFirst(node, wanted)) found = null;
    }
    return !found;
  });
  return found;
}

// A button that leads nowhere yet has no address here, and a beginning of one in the mail (schema.js).
function isAddress(address, wanted) {
  return address === wanted || (address === "" && isUnfilled(wanted));
}

function isUnfilled(wanted) {
  return /^https?:\/*$/iu.test(wanted);
}

function isField(node, tag) {
  return (node.attrs.field ?? "").trim().toLowerCase().replace(/[\s-]+/gu, "_") === tag;
}

// Whether the words are also the address of a link in the block, which is then what is meant.
function linkComesFirst(block, wanted) {
  let has = false;
  block.descendants((node) => {
    has ||= node.marks.some((mark) => mark.attrs.href === wanted);
  });
  return has;
}
