"""Each check by itself, with mails that people write."""

from typing import Any

import pytest

from dakiya.campaigns.checks.anatomy import Anatomy, Link, anatomy_of_html, anatomy_of_text
from dakiya.campaigns.checks.finding import Finding, Level, some
from dakiya.campaigns.checks.links import check_links, urls_to_visit
from dakiya.campaigns.checks.pictures import check_pictures
from dakiya.campaigns.checks.sender import check_domain, check_sender
from dakiya.campaigns.checks.writing import check_size, check_subject, check_words
from dakiya.domains.records import Findings
from dakiya.models import LinkCheck, LinkVerdict, SmtpAccount

OWN = "https://mail.example.com/"
LONG = "A letter with quite a lot to read in it, so that nobody takes it for a picture. " * 4


def is_own(url: str) -> bool:
    return url.startswith(OWN)


def links_of(html: str, **visited: LinkVerdict) -> dict[str, tuple[str, ...]]:
    known: dict[str, LinkCheck] = {
        f"https://{host.replace('_', '.')}/": LinkCheck(verdict=verdict, detail="It is so.")
        for host, verdict in visited.items()
    }
    found = check_links(anatomy_of_html(html), known, own=is_own)
    return {finding.check: finding.about for finding in found}


def names(findings: list[Finding]) -> list[str]:
    return [finding.check for finding in findings]


def link(url: str, text: str = "Read on") -> str:
    return f'<p><a href="{url}">{text}</a></p>'


def test_mail_is_taken_apart_as_readers_see_it() -> None:
    mail = anatomy_of_html(
        "<html><head><title>x</title><style>p{}</style></head><body><p>Dear <b>Asha</b>,</p>"
        '<a href="https://a.in/?x=1&amp;y=2"> Read <i>on</i> </a><a name="x">no link</a>'
        '<a href="https://b.in"><img src="https://b.in/p.png" alt="A lamp"></a>'
        '<img src="https://c.in/dot.gif" width="1" height="1"><img src="">'
    )
    assert mail.links == [
        Link("https://a.in/?x=1&y=2", "Read on"), Link("https://b.in", "A lamp"),
    ]  # fmt: skip
    assert [(one.url, one.alt, one.is_dot) for one in mail.pictures] == [
        ("https://b.in/p.png", "A lamp", False),
        ("https://c.in/dot.gif", None, True),
        ("", None, False),
    ]
    assert mail.words.startswith("Dear Asha")
    assert "x" not in mail.words.split()
    text = anatomy_of_text("See https://a.in/x?y=1. Or (http://b.in), or <https://c.in>!")
    assert [one.url for one in text.links] == ["https://a.in/x?y=1", "http://b.in", "https://c.in"]


@pytest.mark.parametrize(
    "html",
    ["", "<", "<a href=", "<a href='x", "</a></a>", "<img", "<p>" * 5000, "<a href=x>" * 900],
)
def test_broken_html_is_taken_apart_too(html: str) -> None:
    assert isinstance(anatomy_of_html(html), Anatomy)


@pytest.mark.parametrize(
    ("url", "check"),
    [
        ("https://shop.in/", None),
        ("mailto:a@shop.in", None),
        ("tel:+91123", None),
        ("{{ unsubscribe_url }}", None),
        ("{{ link }}", None),
        (f"{OWN}m/x/y.png", None),
        ("http://shop.in/", "links.insecure"),
        ("HTTP://shop.in/{{ name }}", "links.insecure"),
        ("https://www.example.com/sale", "links.placeholder"),
        ("https://shop.example/", "links.placeholder"),
        ("https://yourdomain.com/", "links.placeholder"),
        ("https://bit.ly/3x", "links.shortened"),
        ("https://", "links.unfilled"),
        ("http:///", "links.unfilled"),
        ("https://?a=b", "links.unfilled"),
        ("#", "links.nowhere"),
        ("", "links.nowhere"),
        ("/offer", "links.nowhere"),
        ("www.shop.in", "links.nowhere"),
        ("https://[::1", None),
    ],
)
def test_link_is_judged_by_its_address(url: str, check: str | None) -> None:
    assert list(links_of(link(url))) == ([check] if check else [])


def test_button_without_words_is_not_filled_in_and_not_visited() -> None:
    assert links_of(link("https://shop.in/", " … ")) == {
        "links.unfilled": ("… (https://shop.in/)",)
    }
    assert urls_to_visit(anatomy_of_html(link("https://")), own=is_own) == []


def test_link_that_shows_another_address_is_told() -> None:
    assert list(links_of(link("https://evil.in/", "www.bank.in"))) == ["links.disguised"]
    for text in ("https://www.shop.in/sale", "shop.in", "Version 2.0 is here", "e.g. this"):
        assert links_of(link("https://shop.in/", text)) == {}


def test_addresses_to_visit_are_whole_public_and_named_once() -> None:
    html = "".join(
        link(url)
        for url in (
            "https://a.in/", "https://a.in/", "http://b.in/", "https://a.in/?n={{ name }}", "#",
            "https://www.example.org/", f"{OWN}x", "mailto:a@b.in",
        )
    ) + '<img src="https://c.in/p.png" alt="x">'  # fmt: skip
    mail = anatomy_of_html(html)
    assert urls_to_visit(mail, own=is_own) == [
        "https://a.in/",
        "http://b.in/",
        "https://c.in/p.png",
    ]


def test_what_visits_found_is_told() -> None:
    html = link("https://a.in/") + link("https://b.in/") + link("https://c.in/")
    found = links_of(
        html, a_in=LinkVerdict.MISSING, b_in=LinkVerdict.GUARDED, c_in=LinkVerdict.UNREACHABLE
    )
    assert found == {"links.broken": ("https://a.in/: It is so.", "https://c.in/: It is so.")}
    assert links_of(html, a_in=LinkVerdict.FINE, b_in=LinkVerdict.INTERNAL) == {
        "links.internal": ("https://b.in/",)
    }


def pictures_of(html: str, **more: Any) -> list[Finding]:
    options = {"sizes": {}, "own": is_own, "missing": frozenset(), "public_url": OWN, **more}
    return check_pictures(anatomy_of_html(html), **options)


def test_pictures_want_an_alternative_text_and_little_weight() -> None:
    silent = '<img src="https://a.in/lamp.png"><img src="https://a.in/b.png" alt=" ">'
    (found,) = pictures_of(silent)
    assert (found.check, found.about) == ("pictures.alt", ("lamp.png", "b.png"))
    assert pictures_of('<img src="https://a.in/dot.gif" width=1>') == []
    # An empty one is right for decoration, unless it is all that a link has.
    line = '<img src="https://a.in/line.png" alt="">'
    assert pictures_of(line) == []
    assert pictures_of(f'<a href="https://a.in">Read on {line}</a>') == []
    (found,) = pictures_of(f'{line}<a href="https://a.in"> {line}</a>')
    assert (found.check, found.about) == ("pictures.alt", ("line.png",))
    assert names(pictures_of(line, undecided={"https://a.in/line.png"})) == ["pictures.alt"]
    one, two = ("https://a.in/1.png", "https://a.in/2.png")
    html = f'<img src="{one}" alt="One"><img src="{two}" alt="Two">'
    assert pictures_of(html, sizes={one: 400_000, two: 400_000}) == []
    (found,) = pictures_of(html, sizes={one: 2_400_000})
    assert (found.check, found.about) == ("pictures.heavy", ("1.png: 2.4 MB",))
    many = "".join(f'<img src="https://a.in/{n}.png" alt="x">' for n in range(4))
    (found,) = pictures_of(many, sizes={f"https://a.in/{n}.png": 450_000 for n in range(4)})
    assert "1.8 MB together" in found.text


def test_pictures_of_the_library_are_there_and_can_be_reached() -> None:
    html = f'<img src="{OWN}m/t/a.png" alt="x">'
    assert pictures_of(html) == []
    assert names(pictures_of(html, missing=frozenset({f"{OWN}m/t/a.png"}))) == ["pictures.missing"]
    local = "http://localhost:5000"
    found = pictures_of(
        f'<img src="{local}/m/t/a.png" alt="x">',
        own=lambda url: url.startswith(local), public_url=local,
    )  # fmt: skip
    assert names(found) == ["pictures.address"]


@pytest.mark.parametrize(
    ("host", "address", "is_refused"),
    [
        ("smtp.gmail.com", "asha@gmail.com", False),
        ("smtp-relay.gmail.com", "asha@googlemail.com", False),
        ("smtp-relay.brevo.com", "asha@gmail.com", True),
        ("email-smtp.ap-south-1.amazonaws.com", "asha@YAHOO.co.in", True),
        ("evilgmail.com", "asha@gmail.com", True),
        ("smtp.office365.com", "asha@outlook.com", False),
        ("smtp.gmail.com", "asha@hotmail.com", True),
        ("smtp.zoho.in", "asha@zohomail.in", False),
        ("smtp.sendgrid.net", "asha@banyan-books.in", False),
        ("127.0.0.1", "asha@gmail.com", False),
        ("10.1.2.3", "asha@gmail.com", False),
        ("mailpit", "asha@gmail.com", False),
        ("8.8.8.8", "asha@gmail.com", True),
    ],
)
def test_from_of_a_provider_goes_through_that_provider(
    host: str, address: str, *, is_refused: bool
) -> None:
    found = check_sender(SmtpAccount(host=host, from_email=address))
    assert [finding.level for finding in found] == ([Level.ERROR] if is_refused else [])


GOOGLE_SPF: dict[str, Any] = {
    "spf": ["v=spf1 include:_spf.google.com ~all"], "spf_includes": ["_spf.google.com"]
}  # fmt: skip
ELSEWHERE_SPF: dict[str, Any] = {"spf": ["v=spf1 include:a.in ~all"], "spf_includes": ["a.in"]}
SIGNED: dict[str, Any] = {"dkim": {"google": "v=DKIM1; k=ed25519; p=abcd"}}
REVOKED: dict[str, Any] = {"dkim": {"google": "v=DKIM1; p="}}
GUARDED: dict[str, Any] = {"dmarc": ["v=DMARC1; p=none"]}


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (GOOGLE_SPF | SIGNED | GUARDED, []),
        (GOOGLE_SPF | GUARDED, []),
        (ELSEWHERE_SPF | SIGNED | GUARDED, []),
        (GUARDED, ["no SPF record", "no DKIM key"]),
        (ELSEWHERE_SPF | REVOKED | GUARDED, ["does not name your provider", "was revoked"]),
        (GOOGLE_SPF | SIGNED, ["no DMARC record"]),
        (GOOGLE_SPF, ["no DMARC record"]),
        ({}, ["no SPF record", "no DKIM key", "no DMARC record"]),
        (GUARDED | {"unanswered": ["spf", "dkim"]}, []),
        ({"unanswered": ["spf", "dkim", "dmarc"]}, []),
        ({"exists": False}, ["no such domain"]),
    ],
)
def test_domain_speaks_for_the_server(known: dict[str, Any], said: list[str]) -> None:
    found = check_domain(
        SmtpAccount(host="smtp.gmail.com", from_email="asha@Banyan.in"), Findings(**known)
    )
    about = found[0].about if found else ()
    assert len(about) == len(said)
    assert all(words in told for words, told in zip(said, about, strict=True))
    assert {finding.level for finding in found} == ({Level.WARNING} if said else set())
    near = SmtpAccount(host="127.0.0.1", from_email="asha@banyan.in")
    assert check_domain(near, Findings(**known)) == []


@pytest.mark.parametrize(
    ("subject", "check"),
    [
        ("", None),
        ("Six books for the long evenings", None),
        ("शुभ दीपावली!", None),
        ("{{ name }}", None),
        ("SBI", None),
        ("BIGGEST SALE OF THE YEAR", "spam.subject"),
        ("{{ name }}, WIN BIG TODAY NOW", "spam.subject"),
        ("Sale!!!", "spam.subject"),
        ("Earn $$$ now", "spam.subject"),
        ("Act now: it ends tonight", "spam.subject"),
        ("Re: your order", "spam.reply"),
        ("FWD:hello", "spam.reply"),
        ("Reading list", None),
        ("x " * 60, "subject.long"),
    ],
)
def test_subject_is_read_as_filters_read_it(subject: str, check: str | None) -> None:
    assert names(check_subject(subject)) == ([check] if check else [])


def test_mail_that_says_nothing_is_stopped() -> None:
    (found,) = check_words(anatomy_of_html("<p> </p>"), "Hi")
    assert (found.check, found.level) == ("content.empty", Level.ERROR)
    assert check_words(anatomy_of_html("<p>नमस्ते</p>"), "Hi") == []


def test_mail_of_pictures_alone_is_told() -> None:
    picture = '<img src="https://a.in/1.png" alt="x">'
    assert names(check_words(anatomy_of_html(picture), "Hi")) == ["balance.pictures"]
    assert check_words(anatomy_of_html(f"<p>{LONG}</p>{picture}"), "Hi") == []
    assert names(check_words(anatomy_of_html(f"<p>{LONG}</p>{picture * 9}"), "Hi"))


def test_words_of_spam_are_told_when_there_are_some() -> None:
    one = anatomy_of_html(f"<p>{LONG} No obligation at all.</p>")
    assert check_words(one, "Hi") == []
    many = anatomy_of_html(f"<p>{LONG} You won a free gift: risk-free. Click below!</p>")
    (found,) = check_words(many, "Hi")
    assert (found.check, found.find) == ("spam.words", "free gift")
    assert "“free gift” promises too much" in found.about
    assert "“you won” tells of a prize that nobody expects" in found.about
    loud = anatomy_of_html(f"<p>{LONG}!!! {LONG} ₹₹₹</p>")
    assert names(check_words(loud, "Hi")) == ["spam.marks"]
    assert names(check_words(anatomy_of_html(f"<p>{LONG.upper()}</p>"), "Hi")) == ["spam.capitals"]


@pytest.mark.parametrize("free", ["मुफ्त", "मुफ\u093c्त", "मु\u095e\u094dत"])
def test_words_of_spam_are_looked_for_as_they_stand(free: str) -> None:
    words = f"{free} उपहार, अभी क्लिक करें, लकी ड्रा"
    (found,) = check_words(anatomy_of_html(f"<p>{LONG} {words}</p>"), "Hi")
    assert (found.field, found.find) == ("html", "अभी क्लिक कर")
    (found,) = check_words(anatomy_of_html(f"<p>{LONG} {free} उपहार, लकी ड्रा</p>"), "Hi")
    assert (found.field, found.find) == ("html", f"{free} उपहार")
    (found,) = check_words(anatomy_of_html(f"<p>{LONG} लकी ड्रा</p>"), f"{free} उपहार")
    assert (found.field, found.find) == ("subject", f"{free} उपहार")


def test_size_is_that_of_gmail() -> None:
    assert check_size(102 * 1024) == []
    (found,) = check_size(131 * 1024)
    assert "131 KB" in found.text


def test_lists_stay_short() -> None:
    assert some(["a", "a", "b"]) == ("a", "b")
    assert some([str(n) for n in range(9)])[-1] == "and 4 more"
    assert len(some(["x" * 900])[0]) < 125
