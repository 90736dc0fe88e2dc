// A toolbar is one stop of the Tab key; arrows go along its buttons (WAI-ARIA toolbar pattern).

export function rove(bar, { onEscape } = {}) {
  const stops = () => [...bar.querySelectorAll("button")].filter(
    (button) => !button.disabled && !button.closest("[popover]") && button.getClientRects().length,
  );
  const settle = (chosen) => {
    for (const button of bar.querySelectorAll("button")) {
      if (!button.closest("[popover]")) button.tabIndex = button === chosen ? 0 : -1;
    }
  };
  settle(bar.querySelector("button"));
  bar.addEventListener("focusin", (event) => {
    if (!event.target.closest("[popover]")) settle(event.target);
  });
  bar.addEventListener("keydown", (event) => {
    if (event.target.closest("[popover]")) return;
    const all = stops();
    const at = all.indexOf(event.target);
    const rtl = getComputedStyle(bar).direction === "rtl";
    const ahead = rtl ? "ArrowLeft" : "ArrowRight";
    const back = rtl ? "ArrowRight" : "ArrowLeft";
    const to = { [ahead]: at + 1, [back]: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      all.at(to % all.length)?.focus();
    } else if (event.key === "Escape" && onEscape) {
      event.preventDefault();
      onEscape();
    }
  });
}

// Buttons of a toolbar that open a menu: <button aria-haspopup="menu" aria-controls="id"> and
// <div id role="menu" popover>. Arrows walk through the menu, Escape leads back.
export function openMenus(root, place) {
  for (const opener of root.querySelectorAll("[aria-haspopup]")) {
    const menu = document.getElementById(opener.getAttribute("aria-controls"));
    const items = () => [...menu.querySelectorAll("button, input")].filter((item) => item.getClientRects().length);
    let wasOpen = false;
    opener.addEventListener("pointerdown", () => { wasOpen = menu.matches(":popover-open"); });
    opener.addEventListener("click", (event) => {
      if (wasOpen && event.detail) {
        wasOpen = false;
        return;
      }
      place(menu, opener.getBoundingClientRect());
      const chosen = menu.querySelector('[aria-checked="true"]');
      (chosen ?? items()[0])?.focus();
    });
    opener.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") {
        event.preventDefault();
        opener.click();
      }
    });
    menu.addEventListener("toggle", (event) => {
      opener.setAttribute("aria-expanded", String(event.newState === "open"));
    });
    menu.addEventListener("keydown", (event) => {
      const all = items();
      const at = all.indexOf(document.activeElement);
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
      if (to !== undefined && !event.target.matches("input[type=text]")) {
        event.preventDefault();
        all.at(to % all.length)?.focus();
      } else if (event.key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
        menu.hidePopover();
        opener.focus();
      }
    });
  }
}
