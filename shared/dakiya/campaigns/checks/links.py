"""Links that lead nowhere, are not safe, or look like somebody else's."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from dakiya.campaigns.checks.anatomy import Anatomy, Link
from dakiya.campaigns.checks.finding import Finding, some, warn
from dakiya.models import LinkCheck, LinkVerdict

_OTHER_SCHEMES: Final = ("mailto:", "tel:", "sms:")
_TAG = re.compile(r"\{\{|\{%")
# Reserved for documents (RFC 2606, 6761): a starter's link that nobody has replaced yet.
_PLACEHOLDER = re.compile(
    r"(^|\.)(example\.(com|org|net)|example|invalid|test|your-?(domain|site|company)\.\w+)$"
)
_SHORTENERS: Final = frozenset(
    {"bit.ly", "tinyurl.com", "goo.gl", "t.co", "ow.ly", "is.gd", "buff.ly", "cutt.ly", "rb.gy"}
)
# What stands for a button without words (services/web/assets/src/writing/rich/schema.js).
_NO_WORDS: Final = "…"
_NO_SITE = re.compile(r"https?:/*(?:[?#].*)?", re.IGNORECASE | re.DOTALL)
_LOOKS_LIKE_A_SITE = re.compile(r"(?:https?://)?((?:[\w-]+\.)+[a-z]{2,24})(?:/\S*)?", re.IGNORECASE)
_BROKEN: Final = frozenset(
    {
        LinkVerdict.MISSING,
        LinkVerdict.FAILING,
        LinkVerdict.UNREACHABLE,
        LinkVerdict.LOOPING,
        LinkVerdict.INSECURE,
    }
)
_UNSUBSCRIBE: Final = "{{ unsubscribe_url }}"


@dataclass
class _Sorted:
    """The links of a mail by what is wrong with them: what is told of each, and its address."""

    unfilled: dict[str, str] = field(default_factory=dict)
    nowhere: dict[str, str] = field(default_factory=dict)
    placeholders: dict[str, str] = field(default_factory=dict)
    insecure: dict[str, str] = field(default_factory=dict)
    shortened: dict[str, str] = field(default_factory=dict)
    disguised: dict[str, str] = field(default_factory=dict)
    visitable: list[str] = field(default_factory=list)


def urls_to_visit(mail: Anatomy, *, own: Callable[[str], bool]) -> list[str]:
    """Return the addresses whose visit says something: whole, public, and not our own."""
    pictures = [Link(picture.url, "") for picture in mail.pictures]
    found = _sort([*mail.links, *pictures], own)
    return list(dict.fromkeys(found.visitable))


def check_links(
    mail: Anatomy,
    known: Mapping[str, LinkCheck],
    *,
    own: Callable[[str], bool],
    part: str = "html",
) -> list[Finding]:
    """Say what is wrong with the links of a part; ``known`` is what visits have found so far."""
    links = _sort(mail.links, own)
    visited = urls_to_visit(mail, own=own)
    broken = {
        f"{url}: {known[url].detail}": url
        for url in visited
        if url in known and known[url].verdict in _BROKEN
    }
    internal = {
        url: url for url in visited if url in known and known[url].verdict is LinkVerdict.INTERNAL
    }
    plain = [p.url for p in mail.pictures if _is_plain(p.url) and not own(p.url)]
    said: Sequence[tuple[str, str, dict[str, str]]] = (
        ("links.broken", "These addresses do not open:", broken),
        (
            "links.internal",
            "These addresses lead inside a network or to an unusual port, and were not visited:",
            internal,
        ),
        (
            "links.placeholder",
            "These links still lead to an example. Put your own in their place:",
            links.placeholders,
        ),
        (
            "links.unfilled",
            "These links and buttons are not filled in yet. Write their words and where they lead:",
            links.unfilled,
        ),
        (
            "links.nowhere",
            "These links lead nowhere in a mail. Write whole addresses, with https:// :",
            links.nowhere,
        ),
        (
            "links.insecure",
            "These addresses are not encrypted (http). Browsers warn of them; use https:",
            links.insecure | {url: url for url in plain},
        ),
        (
            "links.shortened",
            "Shortened links are a mark of spam. Use the addresses themselves:",
            links.shortened,
        ),
        (
            "links.disguised",
            "These links show one address and lead to another, as phishing does:",
            links.disguised,
        ),
    )
    return [
        warn(check, text, *some(list(about)), field=part, find=next(iter(about.values())))
        for check, text, about in said
        if about
    ]


def _sort(links: Sequence[Link], own: Callable[[str], bool]) -> _Sorted:
    found = _Sorted()
    for link in links:
        url = link.url
        if url.lower().startswith(_OTHER_SCHEMES) or url == _UNSUBSCRIBE or own(url):
            continue
        if _NO_SITE.fullmatch(url.strip()) or link.text.strip() == _NO_WORDS:
            found.unfilled[f"{link.text} ({url})" if link.text else url] = url
            continue
        if not url.lower().startswith(("http://", "https://")):
            # What begins with a tag is a whole address out of somebody's field, or nothing.
            if not _TAG.match(url):
                found.nowhere[f"{link.text} ({url})" if link.text else url or "(empty)"] = url
            continue
        _sort_site(found, link)
    return found


def _sort_site(found: _Sorted, link: Link) -> None:
    url, host = link.url, _host(link.url)
    if _is_plain(url):
        found.insecure[url] = url
    if _PLACEHOLDER.search(host):
        found.placeholders[url] = url
        return
    if host in _SHORTENERS:
        found.shortened[url] = url
    shown = _LOOKS_LIKE_A_SITE.fullmatch(link.text)
    if shown and not _alike(shown[1].lower(), host):
        found.disguised[f"{link.text} → {url}"] = url
    if not _TAG.search(url):
        found.visitable.append(url)


def _alike(one: str, other: str) -> bool:
    """Whether two names belong together: shop.example.com and www.example.com."""
    one, other = one.removeprefix("www."), other.removeprefix("www.")
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _is_plain(url: str) -> bool:
    return url.lower().startswith("http://")


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".").lower()
    except ValueError:
        return ""
