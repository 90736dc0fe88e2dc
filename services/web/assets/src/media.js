// The media library: several files at once, each with a bar that moves. Without us it is a form.
import { takeDrops } from "./lib/drop.js";
import { uploadPicture } from "./lib/picture-upload.js";

const form = document.querySelector("form[data-media-upload]");
if (form) follow(form);

function follow() {
  const input = form.querySelector('input[type="file"]');
  takeDrops(form.querySelector("[data-drop]"), (files) => start([...files]));
  input.addEventListener("change", () => {
    if (input.files.length) start([...input.files]);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.files.length) start([...input.files]);
    else wrong(form.dataset.sayNone);
  });
}

let busy = false;

async function start(files) {
  if (busy) return;
  if (files.length > Number(form.dataset.maxFiles)) return wrong(form.dataset.sayMany);
  busy = true;
  wrong("");
  const button = form.querySelector('button[type="submit"]');
  button.setAttribute("aria-busy", "true");
  const queue = form.querySelector("[data-media-queue]");
  queue.replaceChildren();
  queue.hidden = false;
  const lines = files.map((file) => [file, line(queue, file)]);
  let allWell = true;
  // One after the other: the server reads one at a time too.
  for (const [file, shown] of lines) allWell = (await send(file, shown)) && allWell;
  busy = false;
  button.removeAttribute("aria-busy");
  form.querySelector('input[type="file"]').value = "";
  if (allWell) location.assign(form.action);
  else await showList();
  return undefined;
}

// What was said about the uploads stays; the grid below shows what was added.
async function showList() {
  const page = await fetch(form.action, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!page?.ok || page.redirected) return;
  const text = await page.text();
  const list = new DOMParser().parseFromString(text, "text/html").querySelector("[data-media-list]");
  if (list) document.querySelector("[data-media-list]").replaceWith(document.adoptNode(list));
}

function line(queue, file) {
  const item = document.createElement("li");
  const name = document.createElement("span");
  name.className = "media-name";
  name.textContent = file.name;
  const bar = document.createElement("progress");
  bar.className = "meter";
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", file.name);
  const said = document.createElement("span");
  said.className = "media-said";
  item.append(name, bar, said);
  queue.append(item);
  return { item, bar, said };
}

async function send(file, { item, bar, said }) {
  said.textContent = form.dataset.sayUploading;
  const answer = await uploadPicture(file, {
    action: form.action,
    token: form.querySelector('[name="csrf_token"]').value,
    maxMb: Number(form.dataset.maxMb),
    onProgress(share) {
      bar.value = share;
      if (share === 1) said.textContent = form.dataset.sayReading;
    },
  });
  const { picture, error, trouble } = answer;
  const sayTrouble = trouble && form.getAttribute(`data-say-${trouble}`);
  bar.value = picture ? 1 : 0;
  item.dataset.tone = picture ? "good" : "bad";
  said.textContent = picture
    ? [form.dataset.sayDone, ...picture.warnings].join(" · ")
    : (error ?? sayTrouble);
  return Boolean(picture) && !picture.warnings.length;
}

function wrong(text) {
  const place = form.querySelector("[data-media-wrong]");
  place.textContent = text;
  place.hidden = !text;
}
