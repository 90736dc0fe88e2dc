// The merge fields that the audience has, as the page lists them: name, how many lack it.

export function readFields(list) {
  const found = new Map();
  for (const button of list.querySelectorAll("[data-field]")) {
    const { field, missing, note } = button.dataset;
    found.set(field, { name: field, missing: Number(missing ?? 0), note: note ?? "" });
  }
  const unknown = list.dataset.sayUnknown;
  return {
    all: () => [...found.values()],
    find: (name) => found.get(name),
    // "43 of 1,000 have no city", that nobody has it, or nothing.
    sayGaps: (name) => (found.has(name) ? found.get(name).note : found.size ? unknown.replace("{}", name) : ""),
    // Those that a person may mean who has typed this much; what begins so comes first.
    match(typed) {
      const wanted = typed.toLowerCase();
      const hits = [...found.values()].filter(({ name }) => name.includes(wanted));
      return hits.sort((a, b) => b.name.startsWith(wanted) - a.name.startsWith(wanted)).slice(0, 8);
    },
  };
}

// What has been typed of a tag before the cursor: "{{ ci" gives {typed: "ci", length: 5}.
export function openTag(before) {
  const found = /\{\{\s*([\p{L}\p{M}\p{N}_]*)$/u.exec(before);
  return found && { typed: found[1], length: found[0].length };
}
