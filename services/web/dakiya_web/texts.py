"""What the pages say, in the language of the request; the one place that knows Flask-Babel.

Texts are written in English and looked up in the catalogue of the language, translations/. What
programs read stays English: the API, and files to download.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import flask_babel
from babel import Locale
from babel.support import NullTranslations
from flask import Flask, g, has_request_context, request
from markupsafe import Markup, escape

ENGLISH = Locale("en")
TRANSLATIONS = Path(__file__).with_name("translations")
_API = "/api/"


@dataclass(frozen=True)
class Tongue:
    """What a request is answered in."""

    locale: Locale
    catalogue: NullTranslations
    is_english: bool


class LazyText:
    """A text of a form or a table: looked up anew whenever it is shown."""

    def __init__(self, look_up: Callable[[], str]) -> None:
        self._look_up = look_up

    def __str__(self) -> str:
        return self._look_up()

    def __html__(self) -> Markup:
        return escape(str(self))

    def __mod__(self, values: object) -> str:
        return str(self) % values

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __repr__(self) -> str:
        return f"LazyText({str(self)!r})"


# Where a text may be of either kind.
Text = str | LazyText


def install_texts(app: Flask, folder: Path = TRANSLATIONS) -> None:
    """Let templates say ``_("...")``, ``{% trans %}``, ``language()`` and ``direction()``."""
    shipped = shipped_languages(folder)

    def choose() -> str:
        if not has_request_context() or request.path.startswith(_API):
            return str(ENGLISH)
        found = request.accept_languages.best_match(list(shipped.values()))
        return next((name for name, tag in shipped.items() if tag == found), str(ENGLISH))

    folders = str(folder.absolute())
    flask_babel.Babel(app, default_translation_directories=folders, locale_selector=choose)
    app.jinja_env.add_extension("jinja2.ext.do")
    # The extension's own functions take five times as long, and a page has hundreds of texts.
    app.jinja_env.globals.update(
        _=_safe_gettext,
        gettext=_safe_gettext,
        ngettext=_safe_ngettext,
        pgettext=pgettext,
        language=lambda: str(tongue().locale).replace("_", "-"),
        direction=lambda: tongue().locale.text_direction,
    )


def shipped_languages(folder: Path) -> dict[str, str]:
    """Return the catalogues that were compiled, as their folders are named and as HTTP has them.

    English comes first: it needs no catalogue, and a browser that wants neither gets it.
    """
    found: Sequence[str] = sorted(path.parent.parent.name for path in folder.glob("*/*/*.mo"))
    return {name: name.replace("_", "-") for name in (str(ENGLISH), *found)}


def tongue() -> Tongue:
    """Return what the request is answered in; English outside of one."""
    try:
        found: Tongue = g.tongue
    except AttributeError:
        locale = flask_babel.get_locale() or ENGLISH
        found = Tongue(locale, flask_babel.get_translations(), locale == ENGLISH)
        g.tongue = found
    except RuntimeError:
        return _OUTSIDE
    return found


def gettext(message: str, /, **values: object) -> str:
    """Translate a text; ``%(name)s`` in it is replaced by the value of that name."""
    found = tongue().catalogue.ugettext(message)
    return found % values if values else found


def ngettext(one: str, many: str, count: int, /, **values: object) -> str:
    """Translate a text with a count, of which ``num`` is what is shown."""
    return tongue().catalogue.ungettext(one, many, count) % {"num": count, **values}


def pgettext(context: str, message: str, /, **values: object) -> str:
    """Translate a text that means different things at different places."""
    found = str(tongue().catalogue.upgettext(context, message))
    return found % values if values else found


def _safe_gettext(message: str, /, **values: object) -> Markup:
    """Translate a text of a template, which may hold markup; what is put into it may not."""
    found = tongue().catalogue.ugettext(message)
    safe = {name: escape(value) for name, value in values.items()}
    return Markup(found % safe)  # noqa: S704 - our own text, and values that were escaped


def _safe_ngettext(one: str, many: str, count: int, /, **values: object) -> Markup:
    safe = {name: escape(value) for name, value in values.items()}
    return Markup(ngettext(one, many, count, **safe))  # noqa: S704 - as above


def lazy_gettext(message: str, /, **values: object) -> LazyText:
    """Translate a text when it is shown: for what is made before there is a request."""
    return LazyText(lambda: gettext(message, **values))


def lazy_pgettext(context: str, message: str) -> LazyText:
    """Translate a text of a context when it is shown."""
    return LazyText(lambda: pgettext(context, message))


_OUTSIDE = Tongue(ENGLISH, NullTranslations(), is_english=True)
