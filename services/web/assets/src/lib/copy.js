// <button data-copy="text"> puts its text on the clipboard; hidden where that cannot work.

export function install() {
  const root = document.documentElement;
  if (navigator.clipboard) root.classList.add("can-copy");
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    const said = button.querySelector("[data-copy-said]");
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      said.textContent = said.dataset.sayCopied;
    } catch {
      said.textContent = said.dataset.sayPress;
    }
    setTimeout(() => {
      said.textContent = said.dataset.sayCopy;
    }, 2000);
  });
}
