// A file is sent with a bar that moves; it may be dropped on its place. Without us it is a form.
import { takeDrops } from "../lib/drop.js";

export function install() {
  for (const form of document.querySelectorAll("form[data-upload]")) follow(form);
}

function follow(form) {
  const input = form.querySelector('input[type="file"]');
  takeDrops(form.querySelector("[data-drop]"), (files) => {
    input.files = files;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const file = input.files[0];
    const max_bytes = Number(form.dataset.maxMb) * 1024 * 1024;
    if (!file) return wrong(form, form.dataset.sayNone);
    if (file.size > max_bytes) return wrong(form, form.dataset.sayLarge);
    return send(form);
  });
}

function send(form) {
  const place = form.querySelector("[data-upload-progress]");
  const bar = place.querySelector("progress");
  const words = place.querySelector("[role=status]");
  const button = form.querySelector('button[type="submit"]');
  const ended = (text) => {
    place.hidden = true;
    button.removeAttribute("aria-busy");
    wrong(form, text);
  };
  wrong(form, "");
  place.hidden = false;
  bar.value = 0;
  words.textContent = form.dataset.sayUploading;
  button.setAttribute("aria-busy", "true");
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("X-Fragment", "1");
  request.setRequestHeader("Accept", "application/json");
  request.responseType = "json";
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) bar.value = (100 * event.loaded) / event.total;
  });
  request.addEventListener("load", () => {
    if (request.response?.place) return location.assign(request.response.place);
    if (request.status === 401) return ended(form.dataset.sayEnded);
    if (request.response?.error) return ended(request.response.error);
    if (request.status === 413) return ended(form.dataset.sayLarge);
    return ended(form.dataset.sayRefused);
  });
  request.addEventListener("error", () => ended(form.dataset.sayBroken));
  request.send(new FormData(form));
}

function wrong(form, text) {
  const place = form.querySelector("[data-upload-wrong]");
  place.textContent = text;
  place.hidden = !text;
}
