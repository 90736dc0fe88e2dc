// A short notice in the corner, read out by screen readers.

// Shows a text; tone is "good", "wait" or "bad". It goes after some seconds, a bad one stays.
export function notify(text, tone = "good") {
  const place = document.getElementById("notices");
  const notice = document.createElement("div");
  notice.className = "notice";
  notice.dataset.tone = tone;
  const words = document.createElement("span");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn-close";
  close.setAttribute("aria-label", "Close this notice");
  close.addEventListener("click", () => notice.remove());
  notice.append(words, close);
  place.append(notice);
  if (tone !== "bad") setTimeout(() => notice.remove(), 6000);
}
