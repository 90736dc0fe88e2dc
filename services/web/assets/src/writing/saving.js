// Saves by itself a moment after the last key, and at once when asked to; with data-by-hand only then. One request at
// a time; what could not be saved stays in the page, in this browser (spare.js), and is tried again.

const PAUSE_MS = 1500;
const AT_MOST_MS = 10_000;
const AGAIN_MS = 15_000;
// Until somebody changes something: it would be refused again.
const REFUSED = [409, 413, 422];

// read(): the form's values that are to be stored; isEmpty(): whether there is no mail yet;
// tell(state, words): what the status line says; onSaved, onConflict and onMistakes get the answer.
export function makeSaving({ form, url, read, isEmpty, tell, spare, onSaved, onConflict, onMistakes }) {
  let stored = JSON.stringify(read());
  let timer = 0;
  let since = 0;
  let running = null;
  let stopped = false;

  const byItself = form.dataset.byHand === undefined;
  const isDirty = () => JSON.stringify(read()) !== stored;

  function touched() {
    form.toggleAttribute("data-unsaved", isDirty());
    if (!isDirty()) {
      clearTimeout(timer);
      since = 0;
      spare.drop();
      return;
    }
    spare.put(read());
    tell("typing");
    if (stopped || !byItself || isEmpty()) return;
    since ||= Date.now();
    clearTimeout(timer);
    timer = setTimeout(save, Math.max(0, Math.min(PAUSE_MS, since + AT_MOST_MS - Date.now())));
  }

  // byHand: somebody asked for it, so this version stays; force: over what another tab saved.
  async function save({ byHand = false, force = false } = {}) {
    clearTimeout(timer);
    if (running) {
      await running;
      if (!byHand && !force && !isDirty()) return true;
    }
    if (!byHand && !force && !isDirty()) return true;
    // Its form is on its way and says the same.
    if (form.dataset.sent && !byHand) return false;
    running = send({ byHand, force });
    const done = await running;
    running = null;
    form.toggleAttribute("data-unsaved", isDirty());
    return done;
  }

  async function send({ byHand, force }) {
    const values = read();
    const body = new FormData();
    for (const [name, value] of Object.entries(values)) body.append(name, value);
    for (const name of ["csrf_token", "kind", "seen"]) body.append(name, form.elements[name].value);
    if (byHand) body.append("by_hand", "1");
    since = 0;
    tell("saving");
    let answer = null;
    let status = 0;
    try {
      const reply = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" } });
      status = reply.status;
      answer = await reply.json();
    } catch {
      answer ??= {};
    }
    if (status === 200) {
      stored = JSON.stringify(values);
      stopped = false;
      form.elements.seen.value = answer.seen;
      if (!isDirty()) spare.drop();
      tell(isDirty() ? "typing" : "saved", answer.words);
      onMistakes({});
      onSaved(answer);
      return true;
    }
    spare.put(read());
    if (status === 409 && answer.other) {
      stopped = true;
      tell("conflict");
      onConflict(answer);
    } else if (status === 401) tell("ended");
    else if (REFUSED.includes(status)) {
      tell("refused", answer.error);
      onMistakes(answer.mistakes ?? {});
    }
    else tell("away");
    // Somebody logs in in another tab, the server comes back.
    if (byItself && !stopped && !REFUSED.includes(status)) timer = setTimeout(save, AGAIN_MS);
    return false;
  }

  document.addEventListener("visibilitychange", () => {
    if (byItself && document.hidden && isDirty() && !stopped) save();
  });
  addEventListener("beforeunload", (event) => {
    if (isDirty() && !form.dataset.sent) event.preventDefault();
  });

  return {
    touched,
    save,
    isDirty,
    isUnderWay: () => running !== null,
    isPending: () => running !== null || isDirty(),
    resume() { stopped = false; },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
