// "Mend it" leads to the place: to the field, and there to the link, picture or words concerned.

const PLACES = ["subject", "preheader", "text", "writer"];

export function wireMending(form, writer) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-mend]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    lead(form, writer, link.hash.slice(1), link.dataset.mend);
  });
  // From the review.
  const asked = location.hash.slice(1);
  if (PLACES.includes(asked)) lead(form, writer, asked, new URLSearchParams(location.search).get("find") ?? "");
}

function lead(form, writer, place, wanted) {
  const field = form.elements[place];
  if (!field || field === writer.element) {
    if (!wanted || !writer.find(wanted)) writer.focus();
    return;
  }
  const around = field.closest("details");
  if (around) around.open = true;
  field.focus();
  mark(field, wanted);
}

// Chooses the words in a field and scrolls to them. Returns whether they are there.
export function mark(field, wanted) {
  const found = wanted ? patternOf(wanted).exec(field.value) : null;
  if (!found) return false;
  field.focus();
  // A browser scrolls to the cursor when something is typed or the field is entered anew.
  field.setSelectionRange(found.index, found.index);
  field.blur();
  field.focus();
  field.setSelectionRange(found.index, found.index + found[0].length);
  return true;
}

// Finds an address, words, or the beginning of a tag ("{{ first_name" is "{{First name" as well).
export function patternOf(wanted) {
  const tag = tagIn(wanted);
  if (tag) return new RegExp(`\\{\\{\\s*${escaped(tag).replaceAll("_", "[\\s_-]+")}`, "iu");
  const spaced = escaped(wanted).replace(/\s+/gu, "\\s+");
  // In HTML an address has its & as an entity.
  return new RegExp(spaced.replaceAll("&", "&(?:amp;)?"), "iu");
}

// Finds the same where it is all that an attribute says.
export function attributeOf(wanted) {
  return new RegExp(`(?<==\\s*["']?)${patternOf(wanted).source}(?=["'\\s>])`, "iu");
}

// The name of the field, if it is a tag that is looked for.
export function tagIn(wanted) {
  return wanted.startsWith("{{ ") ? wanted.slice(3) : "";
}

function escaped(text) {
  return text.replace(/[\\^$.*+?()[\]{}|/]/gu, "\\$&");
}
