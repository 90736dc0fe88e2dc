"""How a mail is written: its subject, what sounds like spam, nothing but pictures, its size."""

import re
from typing import Final

from dakiya.campaigns.checks.anatomy import Anatomy
from dakiya.campaigns.checks.finding import Finding, some, stop, warn
from dakiya.mail.html_check import unclosed

# Gmail hides the rest behind "View entire message", the unsubscribe link with it.
GMAIL_CUTS_AT_BYTES: Final = 102 * 1024
LONG_SUBJECT_CHARS: Final = 90
# With fewer letters for each picture a filter takes the mail for one picture.
LETTERS_PER_PICTURE: Final = 80
_LOUD_LETTERS: Final = 12
_LOUD_SHARE: Final = 0.7
_PHRASES_OF_A_MAIL: Final = 3

_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
_FAKE_REPLY = re.compile(r"\s*(re|fwd?|aw)\s*:", re.IGNORECASE)
_MARKS = re.compile(r"[!?]\s*[!?]\s*[!?]|\${2,}|₹{2,}|€{2,}")
_PHRASES = re.compile(
    r"\b(100% free|act now|as seen on|bad credit|be your own boss|cash bonus|cheap meds|"
    r"claim your prize|click below|click here now|congratulations you|double your|"
    r"earn (?:extra )?(?:cash|money)|eliminate debt|fast cash|free gift|free money|"
    r"get rich|guaranteed (?:income|winner)|income from home|lose weight|lottery|"
    r"lowest price ever|make money|million dollars|miracle|money back guarantee|"
    r"no (?:credit check|obligation|risk)|once in a lifetime|online casino|"
    r"risk[- ]free|this is not spam|urgent (?:action|response)|viagra|while supplies last|"
    r"winner|work from home|you have been selected|you won)\b",
    re.IGNORECASE,
)


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
    phrases = [phrase.lower() for phrase in _PHRASES.findall(f"{subject} {mail.words}")]
    if len(set(phrases)) >= _PHRASES_OF_A_MAIL:
        text = "These words are often seen in spam:"
        found.append(warn("spam.words", text, *some(sorted(set(phrases)), most=8)))
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
    letters = [letter for letter in words if letter.isalpha()]
    upper = sum(letter.isupper() for letter in letters)
    if len(letters) >= _LOUD_LETTERS and upper > _LOUD_SHARE * len(letters):
        return "it is written in capitals"
    if _MARKS.search(words) or words.count("!") > 1:
        return "too many exclamation marks or currency signs"
    if phrase := _PHRASES.search(words):
        return f"“{phrase.group().lower()}”"
    return ""
