// Whether the page may go away by itself: never under somebody's fingers, never with unsaved words,
// and not while a form is on its way, whose answer would be lost.

export function readyToLeave() {
  if (document.querySelector("dialog[open], details.menu[open], form[data-unsaved], form[data-sent]")) return false;
  return !document.activeElement?.matches("input, textarea, select, [contenteditable]");
}
