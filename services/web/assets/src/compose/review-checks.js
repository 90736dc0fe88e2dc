// The checks of the review, while links are being visited: shown anew when something was found.

const EVERY_MS = 2_000;

export function install() {
  const place = document.querySelector("[data-checks-url]");
  if (place) later(place);
}

function later(place) {
  setTimeout(() => {
    if (document.hidden) later(place);
    else look(place);
  }, EVERY_MS);
}

async function look(place) {
  const headers = { "X-Fragment": "1" };
  const answer = await fetch(place.dataset.checksUrl, { headers }).catch(() => null);
  // Nothing new, or the server is away for a moment.
  if (!answer || answer.status === 204 || answer.status >= 500) return later(place);
  if (!answer.ok || answer.redirected) return undefined;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector(".checks");
  if (!fresh) return undefined;
  const focused = place.contains(document.activeElement) ? document.activeElement.name : "";
  document.adoptNode(fresh);
  // What is said aloud is what changes in a place that is there already.
  const said = fresh.querySelector("[role=status]");
  const words = [...said.childNodes];
  said.replaceChildren();
  place.replaceWith(fresh);
  setTimeout(() => said.append(...words), 100);
  if (focused) fresh.querySelector(`[name="${focused}"]`)?.focus();
  if (fresh.dataset.checksUrl) later(fresh);
  return undefined;
}
