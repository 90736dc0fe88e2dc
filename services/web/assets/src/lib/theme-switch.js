// The buttons of the theme change it at once; the server remembers it.

export function install() {
  const form = document.querySelector("form[data-theme-switch]");
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const theme = event.submitter.value;
    document.documentElement.dataset.theme = theme;
    dispatchEvent(new Event("dakiya:theme"));
    for (const button of form.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.value === theme));
    }
    const body = new FormData(form, event.submitter);
    await fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => {});
  });
}
