// The line that says how the words stand ("Saved 10:42"), and the messages above the mail.

import { showPreviewAnew } from "./preview.js";

const TONES = { typing: "idle", saving: "busy", saved: "good", refused: "wait", away: "bad", ended: "bad", conflict: "bad" };

export function wireStatus(form) {
  const line = document.querySelector("[data-status]");
  const words = line.querySelector("[data-status-words]");
  const notes = document.querySelector("[data-notes]");
  const { dataset } = line;

  function tell(state, said = "") {
    line.dataset.state = state;
    line.dataset.tone = TONES[state];
    const own = line.getAttribute(`data-say-${state}`) ?? "";
    const text = state === "saved" ? said : [own, said].filter(Boolean).join(" ");
    // The title is live as well; what does not change is not read out again.
    if (words.textContent !== text) words.textContent = text;
  }

  // One message of a kind at a time. acts: [[label, act], …].
  function note(kind, text, tone, acts = []) {
    notes.querySelector(`[data-note="${kind}"]`)?.remove();
    const box = document.createElement("div");
    box.className = "say writing-note";
    box.dataset.note = kind;
    box.dataset.tone = tone;
    box.setAttribute("role", tone === "bad" ? "alert" : "status");
    const paragraph = document.createElement("p");
    paragraph.textContent = text;
    const actions = document.createElement("div");
    actions.className = "actions";
    for (const [label, act] of [...acts, [dataset.sayClose, null]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-sm";
      button.textContent = label;
      button.addEventListener("click", () => {
        box.remove();
        act?.();
      });
      actions.append(button);
    }
    box.append(paragraph, actions);
    notes.append(box);
    return box;
  }

  // What is wrong stands at its field until it is mended.
  function mistakes(found = {}) {
    for (const place of form.querySelectorAll("[data-mistake]")) {
      const text = found[place.dataset.mistake] ?? "";
      place.textContent = text;
      place.hidden = !text;
      form.elements[place.dataset.mistake]?.setAttribute("aria-invalid", String(Boolean(text)));
    }
  }

  // Two tabs have written: whose words the mail has from now on; both are kept as versions, if
  // there are some.
  function askWhich(answer, saving) {
    for (const kind of ["company", "elsewhere"]) notes.querySelector(`[data-note="${kind}"]`)?.remove();
    async function keepMine() {
      const { seen } = form.elements;
      const before = seen.value;
      seen.value = answer.other;
      saving.resume();
      if (await saving.save({ byHand: true, force: true })) return true;
      // Nothing is overwritten later by itself; a third version may have been asked about already.
      seen.value = before;
      saving.stop();
      if (!notes.querySelector('[data-note="conflict"]')) askWhich(answer, saving);
      return false;
    }
    note("conflict", dataset.sayElsewhere, "bad", [
      [dataset.sayMine, keepMine],
      // Mine becomes a version of its own first: nobody's words are lost.
      [dataset.sayTheirs, async () => {
        if (!form.dataset.versions) loadOther();
        else if (await keepMine()) takeOther(answer.number);
      }],
    ]);
  }

  async function takeOther(number) {
    const body = new FormData();
    body.append("csrf_token", form.elements.csrf_token.value);
    const url = `${form.dataset.versions}/${number}`;
    const reply = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => null);
    const answer = await reply?.json().catch(() => null);
    if (reply?.ok && answer?.seen) return loadOther();
    const words = [dataset.sayNotTaken, answer?.error].filter(Boolean).join(" ");
    return note("not-taken", words, "bad", [[dataset.sayTheirs, () => takeOther(number)]]);
  }

  // Without versions what was typed here stays in this browser, and is offered again.
  function loadOther() {
    form.dataset.sent = "1";
    location.reload();
  }

  return {
    tell,
    mistakes,
    say: (text, tone) => note(text, text, tone),
    saved(answer) {
      notes.querySelector('[data-note="conflict"]')?.remove();
      const checks = document.getElementById("content-checks");
      if (checks) checks.innerHTML = answer.checks;
      for (const part of document.querySelectorAll("[data-once-saved]")) part.hidden = false;
      showPreviewAnew();
    },
    conflict: askWhich,
    changedElsewhere(saving) {
      if (saving.isDirty()) return;
      note("elsewhere", dataset.sayChanged, "wait", [[dataset.sayLoad, () => location.reload()]]);
    },
    company: () => {
      if (!notes.querySelector('[data-note="company"]')) note("company", dataset.sayCompany, "wait");
    },
    offer(left, act, spare) {
      const time = new Date(left.at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
      note("spare", dataset.sayLeft.replace("{}", time), "wait", [
        [dataset.sayPutBack, act],
        [dataset.sayForget, spare.forget],
      ]);
    },
  };
}
