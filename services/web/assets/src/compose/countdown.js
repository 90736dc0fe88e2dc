// Counts the held seconds down, then asks the server what has become of the campaign.
import { readyToLeave } from "../lib/leaving.js";

export function install() {
  const place = document.querySelector("[data-countdown]");
  if (!place) return;
  const ends = performance.now() + 1000 * Number(place.dataset.countdown);
  const timer = setInterval(() => {
    const left = Math.max(0, Math.ceil((ends - performance.now()) / 1000));
    place.textContent = String(left);
    if (left > 0) return;
    clearInterval(timer);
    const asking = setInterval(() => {
      if (!readyToLeave()) return;
      // Asking again would break off an answer that takes its time.
      clearInterval(asking);
      location.reload();
    }, 1500);
  }, 250);
}
