// The content step: the way of writing that the campaign has, and all that stands around it.
// Each way is a chunk of its own, loaded only where it is used.
import { countIn } from "./writing/counters.js";
import { readFields } from "./writing/fields.js";
import { saveFirst } from "./writing/leaving.js";
import { wireMending } from "./writing/mending.js";
import { makePicker, makeSending } from "./writing/picker.js";
import { keepRoom } from "./writing/room.js";
import { makeSaving } from "./writing/saving.js";
import { makeSpare } from "./writing/spare.js";
import { wireStatus } from "./writing/status.js";
import { watchTabs } from "./writing/tabs.js";
import { wireTextPart } from "./writing/text-part.js";
import { insertField, suggestInInputs } from "./writing/typed.js";
import { wireVersions } from "./writing/versions.js";

const WAYS = {
  rich: () => import("./writing/rich/rich.js"),
  html: () => import("./writing/code/code.js"),
  text: () => import("./writing/plain.js"),
};

const form = document.querySelector("form[data-writing]");
if (form) begin();

async function begin() {
  const place = form.querySelector("[data-way]");
  const source = place.querySelector("textarea[data-source]");
  const fields = readFields(form.querySelector("[data-palette]"));
  const suggestions = document.getElementById("field-list");
  const status = wireStatus(form);
  const pictures = document.getElementById("pictures");
  const send = makeSending(pictures, () => form.elements.csrf_token.value);
  suggestInInputs(document.querySelectorAll("[data-takes-field]"), suggestions, fields);
  for (const counter of form.querySelectorAll("[data-count-of]")) {
    countIn(form.elements[counter.dataset.countOf], counter);
  }
  keepRoom(form, status.say);
  const module = await WAYS[place.dataset.way]();
  const label = place.querySelector(`label[for="${source.id}"]`);
  const isWrittenIn = document.activeElement === source;
  const writer = module.open({
    place, source, fields, suggestions, send, insertField,
    ask: makePicker(pictures, send),
    say: status.say,
  });
  place.dataset.ready = "";
  if (isWrittenIn) writer.focus();
  if (label && writer.element !== source) {
    label.removeAttribute("for");
    label.addEventListener("click", writer.focus);
  }
  wirePalette(writer);
  wireTextPart(form.querySelector("[data-text-part]"));
  wireVersions();
  keep(writer, source, status);
  wireMending(form, writer);
}

// A click on a field's name writes it where the cursor was last.
function wirePalette(writer) {
  const palette = form.querySelector("[data-palette]");
  palette.hidden = false;
  let input = null;
  function follow(target) {
    if (target.matches("[data-takes-field]") && target !== writer.element) input = target;
    else if (writer.element.contains(target)) input = null;
  }
  follow(document.activeElement);
  document.addEventListener("focusin", ({ target }) => follow(target));
  palette.addEventListener("click", (event) => {
    const field = event.target.closest("[data-field]")?.dataset.field;
    if (!field) return;
    if (input?.isConnected) insertField(input, field);
    else writer.insertField(field);
  });
}

function keep(writer, source, status) {
  const { elements } = form;
  const names = ["subject", "preheader", "text", "language"].filter((name) => elements[name] && elements[name] !== source);
  const read = () => ({
    ...Object.fromEntries(names.map((name) => [name, elements[name].value])),
    [writer.name]: writer.read(),
  });
  const put = () => { source.value = writer.read(); };
  form.addEventListener("submit", put);
  if (!form.dataset.saves) {
    writer.onChange(() => form.dispatchEvent(new Event("input")));
    onKeys(() => form.requestSubmit(form.querySelector("[data-save-now]")));
    return;
  }
  const spare = makeSpare(form.dataset.mail);
  const left = spare.get();
  let tabs = null;
  const saving = makeSaving({
    form, url: form.dataset.saves, read, isEmpty: writer.isEmpty, tell: status.tell, spare,
    onMistakes: status.mistakes,
    onSaved(answer) {
      tabs.saved(answer.seen);
      status.saved(answer);
    },
    onConflict: (answer) => status.conflict(answer, saving),
  });
  tabs = watchTabs(form.dataset.mail, {
    onCompany: status.company,
    onSaved: (seen) => {
      if (seen !== elements.seen.value) status.changedElsewhere(saving);
    },
  });
  if (form.dataset.byHand === undefined) saveFirst(form, saving);
  form.addEventListener("input", saving.touched);
  writer.onChange(saving.touched);
  // After a conflict nothing is overwritten by it: the answer offers both mails again.
  onKeys(() => saving.save({ byHand: true }));
  form.addEventListener("click", (event) => {
    if (!event.target.closest("[data-save-now]")) return;
    event.preventDefault();
    saving.save({ byHand: true });
  });
  if (left && JSON.stringify(left.values) !== JSON.stringify(read())) {
    status.offer(left, () => {
      spare.put(left.values);
      if (spare.isAnothers()) spare.forget();
      putBack(left.values, writer, source);
    }, spare);
  }
}

// Ctrl+S saves; so does Enter in the subject, which is no wish to go on to the next step.
function onKeys(save) {
  addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "s") return;
    event.preventDefault();
    save();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.defaultPrevented || !event.target.matches("input[type=text]")) return;
    event.preventDefault();
    save();
  });
}

// Words that an earlier page could not save: into the form, which is sent and loaded anew.
function putBack(values, writer, source) {
  for (const [name, value] of Object.entries(values)) {
    const element = name === writer.name ? source : form.elements[name];
    if (element) element.value = value;
  }
  form.dataset.sent = "1";
  form.submit();
}
