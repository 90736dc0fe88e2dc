"""How a mail is written: its subject, what sounds like spam, nothing but pictures, its size."""

import re
from typing import Final

from dakiya.campaigns.checks.anatomy import Anatomy
from dakiya.campaigns.checks.finding import Finding, some, stop, warn
from dakiya.campaigns.checks.spam import spam_phrases, tells
from dakiya.mail.html_check import unclosed

# Gmail hides the rest behind "View entire message", the unsubscribe link with it.
GMAIL_CUTS_AT_BYTES: Final = 102 * 1024
LONG_SUBJECT_CHARS: Final = 90
# With fewer letters for each picture a filter takes the mail for one picture.
LETTERS_PER_PICTURE: Final = 80
_LOUD_LETTERS: Final = 12
_LOUD_SHARE: Final = 0.7
# A mail of so many letters that is mostly capitals shouts (SpamAssassin's UPPERCASE_50_75).
_SHOUTED_LETTERS: Final = 200
_SHOUTED_SHARE: Final = 0.5

_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
_FAKE_REPLY = re.compile(r"\s*(re|fwd?|aw)\s*:", re.IGNORECASE)
_MARKS = re.compile(r"[!?]\s*[!?]\s*[!?]|\${2,}|₹{2,}|€{2,}")


def check_subject(subject: str) -> list[Finding]:
    """Look at the subject; that there is one was seen before."""
    words = _TAG.sub("", subject).strip()
    found = []
    if len(words) > LONG_SUBJECT_CHARS:
        found.append(
            warn(
                "subject.long",
                f"The subject has {len(words)} characters. Phones show about the first 40.",
                field="subject",
            )
        )
    if _FAKE_REPLY.match(words):
        found.append(
            warn(
                "spam.reply",
                "The subject begins as if it answered a mail. Readers and filters resent that.",
                field="subject",
            )
        )
    loud = _loudness(words)
    if loud:
        text = f"The subject sounds like spam: {loud}."
        found.append(warn("spam.subject", text, field="subject"))
    return found


def check_words(mail: Anatomy, subject: str) -> list[Finding]:
    """Look at what there is to read."""
    if not mail.letters and not mail.pictures:
        return [stop("content.empty", "The mail says nothing yet.")]
    found = []
    pictures = sum(not picture.is_dot for picture in mail.pictures)
    if pictures and mail.letters < LETTERS_PER_PICTURE * pictures:
        found.append(
            warn(
                "balance.pictures",
                f"There is little to read ({mail.letters:,} letters) for {pictures:,} "
                f"{'picture' if pictures == 1 else 'pictures'}: filters distrust such mails, and "
                "without pictures nothing is left. Write the important words as text.",
            )
        )
    phrases = spam_phrases(f"{subject} {mail.words}")
    if tells(phrases):
        about = some([f"“{phrase.words}” {phrase.why}" for phrase in phrases], most=8)
        text = "These words are what filters know from spam. Say it in other words:"
        part = "html" if phrases[0].words in mail.words.lower() else "subject"
        found.append(warn("spam.words", text, *about, field=part, find=phrases[0].words))
    if _upper_share(mail.words, _SHOUTED_LETTERS) > _SHOUTED_SHARE:
        text = "Most of the mail is written in capitals, as if it shouted."
        found.append(warn("spam.capitals", text))
    if len(_MARKS.findall(mail.words)) > 1:
        text = "Rows of exclamation marks or currency signs are a mark of spam."
        found.append(warn("spam.marks", text))
    return found


def check_tags(html: str) -> list[Finding]:
    """Look for elements that are opened and never closed, in HTML that somebody wrote.

    Parts of an {% if %} may close each other's, so that nothing can be said where there are some.
    """
    found = [] if "{%" in html else unclosed(html)
    if not found:
        return []
    words = "Some of the HTML is never closed: each mail program ends it where it likes."
    return [warn("html.unclosed", words, *some(found))]


def check_size(html_bytes: int) -> list[Finding]:
    """Look at the size of the HTML as it goes out."""
    if html_bytes <= GMAIL_CUTS_AT_BYTES:
        return []
    return [
        warn(
            "size.gmail",
            f"The HTML has {html_bytes / 1024:,.0f} KB. Gmail shows the first 102 KB and hides the "
            "rest, with the unsubscribe link in it. Take something out.",
        )
    ]


def _loudness(words: str) -> str:
    if _upper_share(words, _LOUD_LETTERS) > _LOUD_SHARE:
        return "it is written in capitals"
    if _MARKS.search(words) or words.count("!") > 1:
        return "too many exclamation marks or currency signs"
    phrases = spam_phrases(words)
    return f"“{phrases[0].words}” {phrases[0].why}" if phrases else ""


def _upper_share(words: str, least: int) -> float:
    """Return which share of the letters are capitals; 0 for fewer letters than ``least``."""
    letters = [letter for letter in words if letter.isalpha()]
    return sum(map(str.isupper, letters)) / len(letters) if len(letters) >= least else 0
