// The seconds that are left to take a campaign back.

for (const place of document.querySelectorAll("[data-countdown]")) {
  const until_ms = Date.parse(place.dataset.countdown);
  const tell = () => {
    const left_s = Math.ceil((until_ms - Date.now()) / 1000);
    place.textContent = left_s > 0 ? `${left_s} s` : "";
    if (left_s > 0) setTimeout(tell, 1000 - (Date.now() % 1000));
    else place.closest(".say")?.querySelector("form")?.remove();
  };
  tell();
}
