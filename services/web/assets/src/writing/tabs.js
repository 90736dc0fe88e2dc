// Tells the tabs of this browser that are on the same campaign about each other.

export function watchTabs(campaign, { onCompany, onSaved }) {
  if (!("BroadcastChannel" in window)) return { saved() {} };
  const channel = new BroadcastChannel(`dakiya-campaign-${campaign}`);
  channel.addEventListener("message", ({ data }) => {
    if (data.kind === "hello") {
      channel.postMessage({ kind: "here" });
      onCompany();
    } else if (data.kind === "here") onCompany();
    else if (data.kind === "saved") onSaved(data.seen);
  });
  channel.postMessage({ kind: "hello" });
  return { saved: (seen) => channel.postMessage({ kind: "saved", seen }) };
}
