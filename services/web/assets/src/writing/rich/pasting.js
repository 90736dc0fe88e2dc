// What is pasted or dropped: Word's and Google's pages become plain blocks, pictures are uploaded,
// and what is too large is refused with words.

export const MOST_HTML_CHARS = 2_000_000;
export const MOST_TEXT_CHARS = 200_000;
const DROPPED = "script, x-style, meta, link, title, xml, object, embed, iframe, form, input, svg, noscript, template";
const INK = /^(windowtext|black|#0{3,6}|rgb\(0, 0, 0\)|rgb\((3[0-9]|2[0-9]|1?[0-9]), (3[0-9]|2[0-9]|1?[0-9]), (3[0-9]|2[0-9]|1?[0-9])\))$/i;
const PAPER = /^(transparent|white|#fff(fff)?|rgb\(255, 255, 255\))$/i;

// Returns what of it can be taken: "whole", "text" (its plain text alone) or "nothing".
export function howMuch(html, text) {
  if (html.length <= MOST_HTML_CHARS && text.length <= MOST_TEXT_CHARS) return "whole";
  return text && text.length <= MOST_TEXT_CHARS ? "text" : "nothing";
}

// Cleans pasted HTML. onPicture(data URL) returns the token that stands for the picture until it
// is uploaded; onLost() is called for pictures that nobody can read (file:, cid:).
export function cleanPasted(html, { onPicture, onLost }) {
  const inert = setAside(html);
  if (html.includes("data-pm-slice")) return inert;
  const page = new DOMParser().parseFromString(inert, "text/html");
  for (const element of page.querySelectorAll(DROPPED)) element.remove();
  dropComments(page);
  if (/mso-|urn:schemas-microsoft-com/i.test(html)) readWord(page);
  for (const element of [...page.body.querySelectorAll("*")]) {
    if (element.localName.includes(":")) element.replaceWith(...element.childNodes);
    else if (isInvisible(element)) element.remove();
    else cleanStyle(element);
  }
  // Google Docs wraps everything in a <b> that is not bold.
  for (const bold of page.querySelectorAll('b[id^="docs-internal-guid"]')) bold.replaceWith(...bold.childNodes);
  for (const image of page.querySelectorAll("img")) readPicture(image, onPicture, onLost);
  return page.body.innerHTML;
}

// The page's policy holds for every parser: a style attribute would be reported and lost. It waits
// as data-style until `showStyles` puts it back where scripts may.
function setAside(html) {
  return html
    .replace(/<(\/?)style\b/gi, "<$1x-style")
    .replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/([\s"'/])(style|on[a-z]+)(\s*=)/gi, "$1data-$2$3"));
}

export function showStyles(root) {
  for (const element of root.querySelectorAll("[data-style]")) {
    element.style.cssText = element.dataset.style;
    element.removeAttribute("data-style");
  }
}

function styleOf(element) {
  const probe = document.createElement("i").style;
  probe.cssText = element.getAttribute("data-style") ?? "";
  return probe;
}

function dropComments(page) {
  const walker = page.createTreeWalker(page, NodeFilter.SHOW_COMMENT);
  const found = [];
  while (walker.nextNode()) found.push(walker.currentNode);
  for (const comment of found) comment.remove();
}

function isInvisible(element) {
  const written = element.getAttribute("data-style") ?? "";
  return /mso-hide:\s*all|display:\s*none/i.test(written);
}

// Colours of ink and paper are the other program's, sizes too; what was emphasised on purpose stays.
function cleanStyle(element) {
  const style = styleOf(element);
  const kept = {
    "text-align": style.textAlign,
    "font-weight": style.fontWeight,
    "font-style": style.fontStyle,
    "text-decoration": style.textDecoration || style.textDecorationLine,
    color: INK.test(style.color) || element.closest("a") ? "" : style.color,
    "background-color": PAPER.test(style.backgroundColor) ? "" : style.backgroundColor,
  };
  const written = Object.entries(kept).filter(([, value]) => value);
  element.removeAttribute("data-style");
  if (written.length) element.dataset.style = written.map(([name, value]) => `${name}: ${value}`).join("; ");
  if (/^H[4-6]$/.test(element.tagName)) {
    const heading = element.ownerDocument.createElement("h3");
    heading.append(...element.childNodes);
    element.replaceWith(heading);
  }
}

// Word writes lists as paragraphs of a class and a level, with their bullets as text.
function readWord(page) {
  // The lists that are open, the innermost last; each inside the last item of the one before.
  let open = [];
  for (const paragraph of [...page.body.querySelectorAll("p")]) {
    const level = Number(/mso-list:[^;]*level([1-9])/i.exec(paragraph.getAttribute("data-style") ?? "")?.[1]);
    if (!level) {
      open = [];
      continue;
    }
    const tag = /^\s*\(?[\p{L}\p{N}]{1,4}[.)]/u.test(takeBullet(paragraph)) ? "ol" : "ul";
    if (open.length && paragraph.previousElementSibling !== open[0].list) open = [];
    while (open.at(-1)?.level > level) open.pop();
    if (open.at(-1)?.level === level && open.at(-1).list.localName !== tag) open.pop();
    if (open.at(-1)?.level !== level) {
      const list = page.createElement(tag);
      if (open.length) open.at(-1).list.lastElementChild.append(list);
      else paragraph.before(list);
      open.push({ list, level });
    }
    const item = page.createElement("li");
    const inside = page.createElement("p");
    inside.append(...paragraph.childNodes);
    item.append(inside);
    open.at(-1).list.append(item);
    paragraph.remove();
  }
}

// Takes out what Word typed for the bullet, and returns it.
function takeBullet(paragraph) {
  const bullet = [...paragraph.querySelectorAll("span")].find(
    (span) => /mso-list:\s*ignore/i.test(span.getAttribute("data-style") ?? ""),
  );
  bullet?.remove();
  return bullet?.textContent ?? "";
}

function readPicture(image, onPicture, onLost) {
  const source = image.getAttribute("src") ?? "";
  if (/^data:image\//i.test(source)) {
    image.setAttribute("title", onPicture(source));
    image.setAttribute("src", "");
  } else if (!/^https?:\/\//i.test(source) && !source.startsWith("/m/")) {
    image.remove();
    onLost();
  } else if (Number(image.getAttribute("width")) === 1 || Number(image.getAttribute("height")) === 1) {
    image.remove();
  }
}
