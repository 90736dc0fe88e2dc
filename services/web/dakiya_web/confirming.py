"""The page that asks before something that cannot be taken back."""

from collections.abc import Mapping, Sequence

from flask import render_template

from dakiya_web.texts import Text, lazy_gettext

KEEP_IT = lazy_gettext("Keep it")


def ask(
    title: str,
    text: str,
    *,
    button: str,
    action: str,
    back: str,
    keep: Text = KEEP_IT,
    details: Sequence[str] = (),
    fields: Mapping[str, str] | None = None,
    dangerous: bool = True,
) -> str:
    """Return the page that asks ``title`` and posts to ``action`` when ``button`` is pressed.

    ``back`` is where the other button, ``keep``, leads; ``fields`` are hidden fields of the
    form. A link to the page carries ``data-confirm``: then it opens as a dialog.
    """
    return render_template(
        "confirm.html",
        title=title,
        text=text,
        button=button,
        action=action,
        back=back,
        keep=keep,
        details=details,
        fields=fields or {},
        dangerous=dangerous,
    )
