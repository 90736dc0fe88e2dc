// Whatever leads away from the page, or needs what is written, waits until that is saved: a link, a
// test mail, a conversion, the preview of the next recipient, "Save and continue". What cannot be
// saved is asked about by the browser then, as ever.

// A server that does not answer keeps nobody here.
const LONGEST_MS = 8000;
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

export function saveFirst(form, saving) {
  let passing = null;

  async function hold(event, subject, again) {
    if (passing === subject) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    await Promise.race([saving.save(), pause(LONGEST_MS)]);
    passing = subject;
    again();
    passing = null;
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (!leadsAway(link) || !saving.isPending()) return;
    hold(event, link, () => (link.isConnected ? link.click() : location.assign(link.href)));
  }, { capture: true });

  document.addEventListener("submit", (event) => {
    const { target, submitter } = event;
    if (target.closest("#pictures") || target.method === "dialog") return;
    // Its own form says all that is written itself; a save on its way would make it an old one.
    if (target === form ? !saving.isUnderWay() : !saving.isPending()) return;
    hold(event, target, () => target.requestSubmit(submitter));
  }, { capture: true });
}

function leadsAway(link) {
  if (link.target || link.matches("[download], [data-mend]")) return false;
  if (link.closest("[contenteditable], #pictures")) return false;
  return link.href.split("#")[0] !== location.href.split("#")[0] || !link.hash;
}
