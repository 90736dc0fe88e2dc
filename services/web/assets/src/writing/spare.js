// Words that are not on the server yet lie in this browser too, so that nothing typed is lost
// when it crashes, the server is away or the session has ended.

const LONGEST_CHARS = 2_000_000;

export function makeSpare(key) {
  const name = `dakiya-unsaved-${key}`;
  return {
    put(values) {
      try {
        const text = JSON.stringify({ at: Date.now(), values });
        if (text.length <= LONGEST_CHARS) localStorage.setItem(name, text);
      } catch {
        // Full or forbidden: the page still asks before it is left.
      }
    },
    get() {
      try {
        return JSON.parse(localStorage.getItem(name) ?? "null");
      } catch {
        return null;
      }
    },
    drop() {
      try {
        localStorage.removeItem(name);
      } catch {
        // As above.
      }
    },
  };
}
