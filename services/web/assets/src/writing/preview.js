// The preview beside the mail follows what is saved: the recipient that is looked at stays.

export async function showPreviewAnew() {
  const preview = document.getElementById("preview");
  if (!preview) {
    // A template has nobody to be shown for.
    for (const frame of document.querySelectorAll(".template-stage iframe")) frame.src = frame.getAttribute("src");
    return;
  }
  const frames = preview.querySelectorAll("iframe");
  const shown = shownIn(preview);
  const url = new URL(preview.dataset.frameUrl, location.href);
  if (shown) url.searchParams.set("recipient", shown);
  const answer = await fetch(url, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const text = await answer.text();
  // Somebody has stepped on to the next recipient meanwhile, and sees what is saved there.
  if (shown !== shownIn(preview)) return;
  const fresh = document.createElement("template");
  fresh.innerHTML = text;
  // What htmx would put elsewhere on the page, for whom a test is: nobody has stepped on.
  for (const elsewhere of fresh.content.querySelectorAll("[hx-swap-oob]")) elsewhere.remove();
  if (!frames.length) {
    preview.replaceChildren(fresh.content);
    globalThis.htmx?.process(preview);
    document.dispatchEvent(new CustomEvent("htmx:after:swap"));
    return;
  }
  preview.querySelector(".letter-head")?.replaceWith(fresh.content.querySelector(".letter-head"));
  for (const frame of frames) frame.src = frame.getAttribute("src");
}

// The recipient that is looked at, as in the address of the frame; null without any.
function shownIn(preview) {
  const frame = preview.querySelector("iframe");
  return frame && new URL(frame.src).searchParams.get("recipient");
}
