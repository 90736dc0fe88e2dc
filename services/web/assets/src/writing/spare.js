// Words that are not on the server yet lie in this browser too, so that nothing typed is lost
// when it crashes, the server is away or the session has ended. Each tab has a place of its own:
// what one has saved must not drop what another could not save.

const LONGEST_CHARS = 2_000_000;

export function makeSpare(key) {
  const places = `dakiya-unsaved-${key}-`;
  const own = places + tabName();
  let found = own;
  return {
    put(values) {
      try {
        const text = JSON.stringify({ at: Date.now(), values });
        if (text.length <= LONGEST_CHARS) localStorage.setItem(own, text);
      } catch {
        // Full or forbidden: the page still asks before it is left.
      }
    },
    // This tab's words or, after a crash, the last ones of a tab that is gone.
    get() {
      try {
        const names = Object.keys(localStorage).filter((name) => name.startsWith(places));
        const all = names.map((name) => ({ name, ...JSON.parse(localStorage.getItem(name)) }));
        all.sort((one, other) => (other.name === own) - (one.name === own) || other.at - one.at);
        found = all[0]?.name ?? own;
        return all[0] ?? null;
      } catch {
        return null;
      }
    },
    drop: () => remove(own),
    isAnothers: () => found !== own,
    // What get() has found, wherever it lay.
    forget: () => remove(found),
  };
}

function remove(name) {
  try {
    localStorage.removeItem(name);
  } catch {
    // As above.
  }
}

// The same after the tab was loaded anew.
function tabName() {
  try {
    const name = sessionStorage.getItem("dakiya-tab") ?? Math.random().toString(36).slice(2);
    sessionStorage.setItem("dakiya-tab", name);
    return name;
  } catch {
    return "any";
  }
}
