// Whether the page may go away by itself: never under somebody's fingers.

export function readyToLeave() {
  if (document.querySelector("dialog[open], details.menu[open]")) return false;
  return !document.activeElement?.matches("input, textarea, select, [contenteditable]");
}
