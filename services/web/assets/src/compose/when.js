// Says the chosen time in words and in UTC while it is typed; the server knows the zones.

const PATIENCE_MS = 250;

export function install() {
  const form = document.querySelector("form[data-when]");
  if (!form) return;
  const echo = form.querySelector("[data-echo]");
  let timer = 0;
  let asked = 0;
  const ask = async () => {
    const number = (asked += 1);
    const at = form.elements.at.value;
    if (!at || form.elements.when.value === "now") return say(echo, "", "");
    const query = new URLSearchParams({
      at, timezone: form.elements.timezone.value, offset: form.elements.offset.value,
    });
    const answer = await fetch(`${echo.dataset.echo}?${query}`).catch(() => null);
    if (!answer?.ok || number !== asked) return undefined;
    const { words, error, meanings } = await answer.json();
    offer(form.querySelector("[data-meanings]"), meanings);
    const told = meanings.length || form.querySelector(".mistake");
    return say(echo, words || (told ? "" : error), error ? "bad" : "");
  };
  form.addEventListener("input", () => {
    forgive(form);
    clearTimeout(timer);
    timer = setTimeout(ask, PATIENCE_MS);
  });
  ask();
}

// What the server found wrong was about what stood there before; the echo says what is now.
function forgive(form) {
  for (const mistake of form.querySelectorAll(".mistake")) {
    const field = form.querySelector(`[aria-describedby="${mistake.id}"]`);
    field?.removeAttribute("aria-invalid");
    field?.removeAttribute("aria-describedby");
    mistake.remove();
  }
}

// Clocks that are set back show a time twice.
function offer(place, meanings) {
  place.hidden = !meanings.length;
  for (const [index, meaning] of meanings.entries()) {
    const choice = place.querySelectorAll(".choice")[index];
    choice.querySelector("input").value = meaning.offset;
    choice.querySelector("b").textContent = meaning.words;
    choice.querySelector(".hint").textContent = meaning.hint;
  }
}

function say(echo, words, tone) {
  echo.textContent = words;
  echo.dataset.tone = tone;
}
