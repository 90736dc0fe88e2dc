// How much a field takes (data-most, in characters): what is too much is refused with words. A
// maxlength would cut it off, and nobody would notice what a paste has lost.

export function keepRoom(form, say) {
  form.addEventListener("beforeinput", (event) => {
    const { target, data } = event;
    const most = Number(target.dataset?.most);
    if (!most || !data) return;
    const kept = target.value.length - (target.selectionEnd - target.selectionStart);
    if (kept + data.replaceAll("\r\n", "\n").length <= most) return;
    event.preventDefault();
    say(form.dataset.sayTooMuch.replace("{}", most.toLocaleString(document.documentElement.lang)), "bad");
  });
}
