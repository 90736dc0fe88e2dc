// Whether the page may go away by itself: never under somebody's fingers, never with unsaved words.

export function readyToLeave() {
  if (document.querySelector("dialog[open], details.menu[open], form[data-unsaved]")) return false;
  return !document.activeElement?.matches("input, textarea, select, [contenteditable]");
}
