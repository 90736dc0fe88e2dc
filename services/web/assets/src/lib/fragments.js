// htmx swaps what the server answers, refused forms (422) too. What is left is said here:
// a server that cannot be reached or fails; a session that ended leads to the log-in
// (the server answers with HX-Redirect).
import { notify } from "./notices.js";

export function install() {
  document.addEventListener("htmx:error", () => {
    notify("kept", "bad");
  });
  document.addEventListener("htmx:after:request", (event) => {
    const status = event.detail.ctx?.response?.status ?? 0;
    if (status >= 500) notify("failed", "bad");
  });
}
