// Puts an element of the top layer beside what it belongs to; on phones the style sheet lays it
// along the lower edge.

const GAP_PX = 6;
const NARROW = matchMedia("(max-width: 35.99rem)");

// Shows the popover below a rectangle (or above it, where there is no room), inside the window.
export function placeBeside(popover, rectangle) {
  if (!popover.matches(":popover-open")) popover.showPopover();
  if (NARROW.matches && popover.hasAttribute("data-sheet")) {
    popover.style.removeProperty("left");
    popover.style.removeProperty("top");
    return;
  }
  const { width, height } = popover.getBoundingClientRect();
  const below = rectangle.bottom + GAP_PX;
  const fits = below + height <= innerHeight - GAP_PX;
  const wishedTop = fits ? below : rectangle.top - GAP_PX - height;
  const top = Math.max(GAP_PX, Math.min(wishedTop, innerHeight - height - GAP_PX));
  const rtl = document.documentElement.dir === "rtl";
  const wished = rtl ? rectangle.right - width : rectangle.left;
  const left = Math.max(GAP_PX, Math.min(wished, innerWidth - width - GAP_PX));
  popover.style.left = `${left}px`;
  popover.style.top = `${top}px`;
}

export function hide(popover) {
  if (popover.matches(":popover-open")) popover.hidePopover();
}
