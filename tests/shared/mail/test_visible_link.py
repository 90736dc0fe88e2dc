"""An unsubscribe link counts only where a reader sees it; otherwise the footer brings one."""

import time

import pytest

from dakiya.mail.bodies import MessageError
from dakiya.mail.merge import Escape
from dakiya.mail.parts import complete_parts
from dakiya.mail.unseen import seen
from tests.shared.mail.mails import LINK

A = f'<a href="{LINK}">Unsubscribe</a>'
ADDED = "You do not want these mails any more?"


def has_footer(html: str) -> bool:
    parts = complete_parts(html, "x")
    assert parts.html is not None
    return ADDED in parts.html.render({}, Escape.HTML)


@pytest.mark.parametrize(
    "html",
    [
        f'<div style="display:none">{A}</div>',
        f'<div style="DISPLAY : None !important">{A}</div>',
        f"<div style='color:red;visibility:hidden'><p>{A}</p></div>",
        f'<td style="font-size:0">{A}</td>',
        f'<p style="font-size:0px">{A}</p>',
        f'<p style="font:0/0 a">{A}</p>',
        f'<p style="font-size:0"><b style="font-size:2em">{A}</b></p>',
        f'<div style="opacity:0.0">{A}</div>',
        f'<div style="max-height:0;overflow:hidden">{A}</div>',
        f'<div style="overflow:hidden;height:0px"><table><tr><td>{A}</td></tr></table></div>',
        f"<p hidden>{A}</p>",
        f"<p hidden>{A}<p>b",
        f'<div class="x" HIDDEN="">{A}</div>',
        f'<div style="{{% if vip %}}display:none{{% endif %}}">{A}</div>',
        f'<div style="display:none"><div style="display:block">{A}</div></div>',
        f"<template>{A}</template>",
        f'<a style="display:none" href="{LINK}">Unsubscribe</a>',
        f'<a href="{LINK}" style="font-size:0">Unsubscribe</a>',
        f'<a href="{LINK}"></a>',
        f'<a href="{LINK}"> &nbsp;\u200b\r\n<b></b></a>',
        f'<a href="{LINK}"><!-- Unsubscribe --></a>',
        f'<a href="{LINK}"><span hidden>Unsubscribe</span></a>',
        f'<a href="{LINK}"><img src="https://x.in/dot.gif" width="1" height="1"></a>',
        f'<a href="{LINK}"><img src="https://x.in/a.png" style="display:none"></a>',
        f'<p style="display:none">{LINK}</p>',
        f'<img src="https://x.in/a.png" alt="{LINK}">',
        f'<a href="{LINK}"></a><p>Words elsewhere</p>',
    ],
)
def test_hidden_link_does_not_count(html: str) -> None:
    assert has_footer(f"<html><body><p>Hello</p>{html}<p>Bye</p></body></html>")
    assert has_footer(html)


@pytest.mark.parametrize(
    "html",
    [
        A,
        LINK,
        f'<p style="font-size:0.8em;line-height:0;height:0">{A}</p>',
        f'<td style="font-size:0px"><div style="font-size:13px">{A}</div></td>',
        f'<td style="font-size:0"><div style="font:bold 13px/1.5 serif">{A}</div></td>',
        f'<div style="visibility:hidden"><p style="visibility:visible">{A}</p></div>',
        f'<div style="opacity:0.6;max-height:0">{A}</div>',
        f'<div hidden style="display:block">{A}</div>',
        f'<div title="hidden" class="hidden x">{A}</div>',
        f'<div style="display:none">Preheader</div>{A}',
        f'<div style="display:none">a<br><img src="https://x.in/a.png"></div>{A}',
        f'<img style="display:none" src="https://x.in/a.png">{A}',
        f"<p hidden>a<p>{A}",
        f"<table><tr><td hidden>a<td>{A}</table>",
        f'<a href="{LINK}"><img src="https://x.in/a.png" alt="Unsubscribe"></a>',
        f'<td style="font-size:0"><a href="{LINK}"><img src="https://x.in/a.png"></a></td>',
        f'<a href="{LINK}"><span style="font-size:14px">abbestellen</span></a>',
        f'<a href="{LINK}">退订</a>',
        f'<A HREF="{LINK}"><b>x</b></A>',
        f'<map><area href="{LINK}"></map>',
    ],
)
def test_link_that_is_seen_counts(html: str) -> None:
    assert not has_footer(html)


@pytest.mark.parametrize(
    "html",
    [
        f'<div hidden>a<!-- b --><p style="font-size:0">c{A}</p><a href="x"></a></div>d',
        f'<a href="{LINK}"><a href="x"><b hidden>y</b><!-- z --></a>',
        f"<p hidden>a<p>{{% if vip %}}<style>p {{}}</style>{A}{{% endif %}}<area hidden>",
    ],
)
def test_nothing_is_moved_where_hidden_things_hold_one_another(html: str) -> None:
    kept = seen(html)
    assert len(kept) == len(html)
    assert all(letter in (" ", html[at]) for at, letter in enumerate(kept))


def test_hidden_address_does_not_count() -> None:
    html = f'<p style="display:none">{{{{ postal_address }}}}</p>{A}'
    parts = complete_parts(html, "x", postal_address="14 Lake Road")
    assert parts.html is not None
    assert parts.html.render({}, Escape.HTML).count("14 Lake Road") == 2


@pytest.mark.parametrize(
    "html", ["<p>a</p><div style='display:none'>b", "<body style='opacity:0'>a</body>"]
)
def test_mail_that_hides_its_end_is_refused(html: str) -> None:
    with pytest.raises(MessageError, match="display:none"):
        complete_parts(html, "x")


@pytest.mark.parametrize(
    "piece",
    [
        "<div hidden>",
        "<a href=x>",
        "<p hidden>x",
        "<i><b></i>",
        "<td>",
        "</div>",
        "<div style='",
        "<div style='font:0 0 0 0'>",
        "<div style='font-size:000000'>",
    ],
)
def test_time_for_broken_html_grows_with_its_length(piece: str) -> None:
    short, long = (piece * (length // len(piece)) for length in (20_000, 200_000))
    assert growth(short, long) < 25


@pytest.mark.parametrize("name", ["font", "font-size", "opacity", "display"])
@pytest.mark.parametrize("value", ["0", "1", "0 ", "0.", "1em ", "\0"])
def test_time_for_long_styles_grows_with_their_length(name: str, value: str) -> None:
    short, long = (
        f"<p style='{name}:{value * (length // len(value))}x'>" for length in (40_000, 400_000)
    )
    assert growth(short, long) < 25


def growth(short: str, long: str) -> float:
    """How much more CPU time ten times the length takes: 10, and 100 if it grows as the square.

    A machine that is busy with others may make one look longer, and hardly three.
    """
    least_short = least_long = float("inf")
    for _ in range(3):
        least_short = min(least_short, cpu_s(short))
        least_long = min(least_long, cpu_s(long))
        if least_long < 20 * least_short:
            break
    return least_long / least_short


def cpu_s(html: str) -> float:
    began = time.process_time()
    assert len(seen(html)) == len(html)
    return time.process_time() - began
