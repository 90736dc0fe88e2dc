// <a data-confirm href="…"> leads to a page that asks. With us the same question is asked
// in a dialog: the page stays the only place that holds its words and its form.
import { notify } from "./notices.js";

export function install() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-confirm]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    ask(link);
  });
}

async function ask(link) {
  const page = await fetch(link.href, { headers: { "X-Fragment": "1" } }).catch(() => null);
  const type = page?.headers.get("Content-Type") ?? "";
  if (!page || page.redirected || !type.startsWith("text/html")) {
    if (page) location.assign(link.href);
    else notify("unchanged", "bad");
    return;
  }
  const text = await page.text();
  const question = new DOMParser().parseFromString(text, "text/html").querySelector("[data-question]");
  if (!question) return location.assign(link.href);
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", "question-title");
  dialog.append(document.adoptNode(question));
  dialog.addEventListener("close", () => {
    dialog.remove();
    // The menu of a row has closed over its link, which then takes no focus.
    const menu = link.closest("details:not([open])");
    (menu?.querySelector("summary") ?? link).focus();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
    if (event.target.closest("[data-dismiss]")) {
      event.preventDefault();
      dialog.close();
    }
  });
  document.body.append(dialog);
  dialog.showModal();
  return undefined;
}
