// A short notice in the corner, read out by screen readers.

// Shows a text of the page (data-say-away: "away"); tone is "good", "wait" or "bad". It goes after
// some seconds, a bad one stays.
export function notify(name, tone = "good") {
  const place = document.getElementById("notices");
  const notice = document.createElement("div");
  notice.className = "notice";
  notice.dataset.tone = tone;
  const words = document.createElement("span");
  words.textContent = place.getAttribute(`data-say-${name}`);
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn-close";
  close.setAttribute("aria-label", place.dataset.sayClose);
  close.addEventListener("click", () => notice.remove());
  notice.append(words, close);
  place.append(notice);
  if (tone !== "bad") setTimeout(() => notice.remove(), 6000);
}
