// Forms are sent once, say that they are being sent, and show their first mistake.

export function install() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.target) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    event.submitter?.setAttribute("aria-busy", "true");
  });
  // Back from the next page: the browser shows this one as it was.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    for (const button of document.querySelectorAll("button[aria-busy]")) {
      button.removeAttribute("aria-busy");
    }
  });
  document.querySelector('[aria-invalid="true"]')?.focus();
  // A field that is chosen from a list: what is typed takes the place of what stands there.
  document.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-takes-over]")) event.target.select();
  });
}
