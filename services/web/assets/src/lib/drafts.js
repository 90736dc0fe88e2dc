// <form method="post" data-keep>: what was typed survives a session that ended meanwhile.
// It is kept in this tab when the form is sent, and put back when the log-in leads here again.
import { notify } from "./notices.js";

const key = () => `dakiya-draft ${location.pathname}`;

export function install() {
  const form = document.querySelector("form[data-keep]");
  if (!form) return;
  const kept = sessionStorage.getItem(key());
  sessionStorage.removeItem(key());
  if (kept && cameFromLogin()) {
    restore(form, JSON.parse(kept));
    notify("What you typed is here again. Please send it once more.", "wait");
  }
  form.addEventListener("submit", () => sessionStorage.setItem(key(), JSON.stringify(typed(form))));
}

function cameFromLogin() {
  if (!document.referrer) return false;
  const from = new URL(document.referrer);
  return from.origin === location.origin && from.pathname === "/login";
}

function fields(form) {
  return [...form.elements].filter(
    ({ name, type }) => name && !["hidden", "password", "file", "submit", "button"].includes(type),
  );
}

function typed(form) {
  return fields(form).map((f) => [f.name, f.type, f.value, f.checked ?? false]);
}

function restore(form, values) {
  for (const field of fields(form)) {
    const same = ([name, type, value]) => name === field.name && type === field.type
      && (type !== "radio" || value === field.value);
    const found = values.find(same);
    if (!found) continue;
    if (field.type === "checkbox" || field.type === "radio") [, , , field.checked] = found;
    else [, , field.value] = found;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
