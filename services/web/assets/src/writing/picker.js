// The dialog in which a picture is chosen: from the library, from this computer, or by address.
import { uploadPicture } from "../lib/picture-upload.js";

// Resolves to {url, alt, width} or null. dialog: templates/compose/pictures.html.
export function makePicker(dialog, send) {
  const place = dialog.querySelector("[data-picker]");
  const input = dialog.querySelector("input[type=file]");
  const address = dialog.querySelector("[data-picture-address]");
  const said = dialog.querySelector("[role=status]");
  let settle = null;

  async function load(url) {
    place.setAttribute("aria-busy", "true");
    const answer = await fetch(url, { headers: { "X-Fragment": "1" } }).catch(() => null);
    place.removeAttribute("aria-busy");
    if (!answer?.ok || answer.redirected) {
      place.textContent = dialog.dataset.sayBroken;
      return;
    }
    place.innerHTML = await answer.text();
  }

  function choose(picture) {
    settle?.(picture);
    settle = null;
    dialog.close();
  }

  place.addEventListener("click", (event) => {
    const picked = event.target.closest("[data-media-pick]");
    const more = event.target.closest("a[data-media-more]");
    if (picked) {
      const { url, alt, width } = picked.dataset;
      choose({ url, alt, width: Number(width) });
    } else if (more) {
      event.preventDefault();
      load(more.href);
    }
  });
  place.addEventListener("submit", (event) => {
    event.preventDefault();
    load(`${event.target.action}?${new URLSearchParams(new FormData(event.target))}`);
  });
  input?.addEventListener("change", async () => {
    if (!input.files.length) return;
    said.textContent = dialog.dataset.sayUploading;
    const { picture, words } = await send(input.files[0]);
    input.value = "";
    said.textContent = words;
    if (picture) choose(picture);
  });
  dialog.querySelector("[data-use-address]").addEventListener("click", () => {
    const url = address.value.trim();
    if (/^https:\/\/\S+$/i.test(url)) choose({ url, alt: "", width: null });
    else said.textContent = dialog.dataset.sayAddress;
  });
  address.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    dialog.querySelector("[data-use-address]").click();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-dismiss]")) dialog.close();
  });
  dialog.addEventListener("close", () => {
    settle?.(null);
    settle = null;
  });

  return function ask() {
    said.textContent = "";
    address.value = "";
    dialog.showModal();
    if (place.dataset.url) load(place.dataset.url);
    return new Promise((resolve) => { settle = resolve; });
  };
}

// Returns send(file): {picture, words}; words say what went wrong, or what to know of the picture.
export function makeSending(dialog, token) {
  const { action, maxMb } = dialog.dataset;
  return async function send(file) {
    if (!action) return { words: dialog.dataset.sayRefused };
    const { picture, error, trouble } = await uploadPicture(file, { action, token: token(), maxMb: Number(maxMb) });
    if (picture) return { picture, words: (picture.warnings ?? []).join(" ") };
    return { words: error ?? dialog.getAttribute(`data-say-${trouble}`) };
  };
}
