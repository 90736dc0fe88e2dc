// Figures that follow the server. One request serves everything inside [data-live-url]:
//   <div data-live-url="/campaigns/progress?id=7&id=8"> … <b data-live="7.sent">0</b>
// The answer is JSON {"busy": true, "7": {"sent": "12", …}}. Inside the element
//   data-live="a.b"        shows the text,
//   data-live-value="a.b"  sets the value, data-live-max="a.b" the max of a <progress>,
//   data-live-tone="a.b"   sets data-tone,
//   data-live-shown="a.b"  hides the element unless the value is true,
// and the event "live" (detail: the answer) tells modules of the page. An answer with
// {"reload": true} loads the page anew, when what it shows has become another page.
import { readyToLeave } from "./leaving.js";

const BUSY_MS = 2000;
const IDLE_MS = 15000;
const LONGEST_MS = 60000;

export function install() {
  for (const root of document.querySelectorAll("[data-live-url]")) follow(root);
}

function follow(root) {
  let timer = 0;
  let failures = 0;
  let under_way = false;

  async function ask() {
    if (under_way || !root.isConnected) return;
    under_way = true;
    const wait_ms = await look();
    under_way = false;
    clearTimeout(timer);
    if (wait_ms && !document.hidden && root.isConnected) timer = setTimeout(ask, wait_ms);
  }

  async function look() {
    try {
      const answer = await fetch(root.dataset.liveUrl, { headers: { Accept: "application/json" } });
      if (answer.status === 401) return say(root, "ended"), 0;
      if (!answer.ok) throw new Error(String(answer.status));
      const state = await answer.json();
      failures = 0;
      say(root, "");
      if (state.reload && readyToLeave()) return location.reload(), 0;
      show(root, state);
      return state.busy ? BUSY_MS : IDLE_MS;
    } catch {
      failures += 1;
      if (failures > 1) say(root, "away");
      return Math.min(LONGEST_MS, BUSY_MS * 2 ** failures);
    }
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (!document.hidden) ask();
  });
  timer = setTimeout(ask, BUSY_MS);
}

// Sets what the elements inside show; exported for modules that have an answer of their own.
export function show(root, state) {
  const value = (path) => path.split(".").reduce((found, key) => found?.[key], state);
  each(root, "live", value, (element, text) => {
    if (element.textContent !== String(text)) element.textContent = text;
  });
  each(root, "live-value", value, (element, amount) => { element.value = amount; });
  each(root, "live-max", value, (element, amount) => { element.max = amount || 1; });
  each(root, "live-tone", value, (element, tone) => { element.dataset.tone = tone; });
  each(root, "live-shown", value, (element, shown) => { element.hidden = !shown; });
  root.dispatchEvent(new CustomEvent("live", { detail: state, bubbles: true }));
}

function each(root, name, value, change) {
  for (const element of root.querySelectorAll(`[data-${name}]`)) {
    const found = value(element.getAttribute(`data-${name}`));
    if (found !== undefined) change(element, found);
  }
}

// "" all is well, "away" the server does not answer, "ended" somebody must log in again.
function say(root, trouble) {
  for (const element of root.querySelectorAll("[data-live-trouble]")) {
    element.hidden = element.dataset.liveTrouble !== trouble;
  }
}
