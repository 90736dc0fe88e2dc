// What the mail's document may hold, as the server reads it: colours as #rrggbb, sizes in px.

export const SMALLEST_PX = 12;
export const LARGEST_PX = 48;
export const WIDEST_PX = 600;
const LINK = /^(https?:\/\/|mailto:|tel:|sms:|#|\{\{|\{%)/i;

// Returns "#rrggbb", or null for what is no colour or no ink (transparent).
export function hexColour(written) {
  const text = (written ?? "").trim().toLowerCase();
  if (/^#[0-9a-f]{6}$/.test(text)) return text;
  if (!text || text === "transparent" || text === "inherit" || text === "windowtext") return null;
  const probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle = "#010203";
  probe.fillStyle = text;
  const found = probe.fillStyle;
  return /^#[0-9a-f]{6}$/.test(found) && found !== "#010203" ? found : null;
}

// Returns "18px" from "18px", "13.5pt" or "1.2em"; null for anything else.
export function pixels(written) {
  const found = /^([\d.]+)(px|pt|em|rem)$/.exec((written ?? "").trim());
  if (!found) return null;
  const factor = { px: 1, pt: 4 / 3, em: 16, rem: 16 }[found[2]];
  const px = Math.round(Number(found[1]) * factor);
  return px >= SMALLEST_PX && px <= LARGEST_PX ? `${px}px` : null;
}

// Whether a mail may link there; merge fields may stand for the address.
export function isLink(address) {
  return LINK.test((address ?? "").trim());
}

// What people type as an address: "example.com" and "asha@example.com" get what they lack.
export function completeLink(typed) {
  const address = typed.trim();
  if (!address || isLink(address)) return address;
  if (/^[a-z][a-z0-9+.-]*:/i.test(address)) return "";
  if (/^[^\s/@]+@[^\s/@]+\.[^\s/@]+$/.test(address)) return `mailto:${address}`;
  return `https://${address.replace(/^\/+/, "")}`;
}

// Black or white, whichever reads better on a colour (WCAG 2 relative luminance).
export function inkOn(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const light = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return (light + 0.05) / 0.05 > 1.05 / (light + 0.05) ? "#000000" : "#ffffff";
}

// A whole number within bounds, or null.
export function whole(written, least, most) {
  const number = Math.round(Number.parseFloat(written));
  return Number.isFinite(number) ? Math.min(most, Math.max(least, number)) : null;
}
