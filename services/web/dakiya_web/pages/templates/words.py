"""What the starters are called on the pages."""

from collections.abc import Mapping
from typing import Final

from dakiya_web.texts import Text, lazy_gettext

# (name, what it is for)
STARTERS: Final[Mapping[str, tuple[Text, Text]]] = {
    "newsletter": (
        lazy_gettext("Newsletter"),
        lazy_gettext("News of the month: a long story, two short ones and a date."),
    ),
    "sale": (
        lazy_gettext("Sale"),
        lazy_gettext("An offer with a code, two products and a last day."),
    ),
    "invitation": (
        lazy_gettext("Invitation"),
        lazy_gettext("An evening: when, where, and a button to say yes."),
    ),
    "product-update": (
        lazy_gettext("Product update"),
        lazy_gettext("What is new, what is better and what was mended."),
    ),
    "event-reminder": (
        lazy_gettext("Event reminder"),
        lazy_gettext("It is tomorrow: when, where and what to bring."),
    ),
    "festive-greeting": (
        lazy_gettext("Festive greeting"),
        lazy_gettext("Wishes for a festival, with nothing to sell."),
    ),
    "plain-letter": (
        lazy_gettext("Plain letter"),
        lazy_gettext("From one person to another, without any picture."),
    ),
    "welcome": (
        lazy_gettext("Welcome"),
        lazy_gettext("The first mail to somebody new: three steps to begin."),
    ),
}
