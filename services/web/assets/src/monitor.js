// The seconds that are left to take a campaign back.

// By the server's count: a clock that is wrong here must not take the button away.
for (const place of document.querySelectorAll("[data-countdown]")) {
  const ends_ms = performance.now() + 1000 * Number(place.dataset.countdown);
  const tell = () => {
    const left_s = Math.ceil((ends_ms - performance.now()) / 1000);
    place.textContent = left_s > 0 ? place.dataset.saySeconds.replace("{}", left_s) : "";
    if (left_s > 0) setTimeout(tell, 250);
    else place.closest(".say")?.querySelector("form")?.remove();
  };
  tell();
}
