"""The HTML of a rich mail: what mail programs need is there, and nothing gets out of its text."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dakiya.mail.bodies import compile_body
from dakiya.mail.html_pieces import End, Start, Text, html_pieces
from dakiya.mail.merge import Escape, parse
from dakiya.mail.plain import text_from_html
from dakiya.mail.rich.colours import READABLE, contrast
from dakiya.mail.rich.document import RichError
from dakiya.mail.rich.render import html_of
from tests.shared.mail.rich.documents import (
    BUTTON,
    FULL,
    IMAGE,
    doc,
    field,
    mark,
    node,
    paragraph,
    text,
)


def body_of(*inside: Any, **attrs: Any) -> str:
    """The HTML between the card's padding."""
    made = html_of(doc(*inside, **attrs))
    return made.partition('class="inner"')[2].partition('class="card-foot"')[0].partition(">")[2]


def starts(made: str, name: str) -> list[Start]:
    return [piece for piece in html_pieces(made) if isinstance(piece, Start) and piece.name == name]


def test_styles_stand_beside_their_elements() -> None:
    made = html_of(FULL)
    [style] = re.findall(r"<style>(.*?)</style>", made.partition("<!--[if mso]>")[0], re.DOTALL)
    assert re.sub(r"@media [^{]*\{(?:[^{}]*\{[^{}]*\})*\s*\}", "", style).strip() == ""
    assert all("style" in start.attributes for start in starts(made, "p"))
    assert "prefers-color-scheme: dark" in style
    assert '<meta name="color-scheme" content="light dark">' in made


def test_every_element_is_closed() -> None:
    class Balance(HTMLParser):
        VOID = ("meta", "img", "br", "hr")

        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []

        def handle_starttag(self, tag: str, attrs: Any) -> None:
            if tag not in self.VOID:
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    balance = Balance()
    balance.feed(html_of(FULL))
    assert balance.open == []


def test_outlooks_tables_are_closed() -> None:
    made = html_of(FULL)
    hidden = "".join(re.findall(r"<!--\[if mso\]>(.*?)<!\[endif\]-->", made, re.DOTALL))
    for name in ("table", "tr", "td", "span", "i"):
        opened, closed = len(re.findall(rf"<{name}\b", hidden)), hidden.count(f"</{name}>")
        assert opened == closed > 0


def test_button_is_a_filled_cell_for_outlook() -> None:
    made = body_of(node("button", label="Look", href="https://x.in/", color="#FFE000"))
    [link] = starts(made, "a")
    assert link.attributes["href"] == "https://x.in/"
    [cell] = [start for start in starts(made, "td") if "bgcolor" in start.attributes]
    assert cell.attributes["bgcolor"] == "#ffe000"
    # Black, as white could not be read on yellow.
    assert "color:#1f2328" in made
    assert "mso-text-raise" in made


def test_columns_stack_and_stand_beside_each_other_in_outlook() -> None:
    made = html_of(
        doc(node("columns", node("column", paragraph("a")), node("column", paragraph("b"))))
    )
    assert made.count('class="column"') == 2
    assert made.count('<td width="50%" valign="top"><![endif]-->') == 2
    assert ".column { max-width: 100% !important; }" in made


def test_image_has_its_words_and_a_width_for_outlook() -> None:
    [with_alt] = starts(body_of(IMAGE), "img")
    assert with_alt.attributes["alt"] == "A lamp"
    assert with_alt.attributes["width"] == "536"
    [decorative] = starts(body_of(node("image", src="https://x.in/a.png", width=100)), "img")
    assert (decorative.attributes["alt"], decorative.attributes["width"]) == ("", "100")
    large = node("image", src="https://x.in/a.png", width=600)
    made = body_of(large, node("columns", *[node("column", IMAGE, large)] * 2))
    widths = [start.attributes["width"] for start in starts(made, "img")]
    assert widths == ["536", "256", "256", "256", "256"]


def test_merge_fields_become_tags() -> None:
    shown = html_of(
        doc(
            paragraph(
                field("First Name"),
                field("city", fallback="your town"),
                field("on", format='date("d MMM")', fallback="soon"),
                field("say", fallback='a "b"'),
                field("say", fallback="a \"b\" 'c'"),
            )
        )
    )
    template = parse(shown)
    assert template.fields == {
        "first_name",
        "city",
        "on",
        "say",
        "unsubscribe_url",
        "postal_address",
    }
    filled = template.render({"first_name": "A&B", "on": "2026-11-24"}, Escape.HTML)
    assert "A&amp;Byour town24 Nova &quot;b&quot;a ”b” &#x27;c&#x27;" in filled


def test_typed_merge_language_works_like_chips() -> None:
    made = html_of(
        doc("{% if vip %}", paragraph('Dear {{ name | default("friend") }}'), "{% endif %}")
    )
    assert "Dear friend" in parse(made).render({"vip": "yes"}, Escape.HTML)
    assert "Dear" not in parse(made).render({}, Escape.HTML)


def test_condition_shows_its_part_to_some() -> None:
    made = html_of(doc(node("condition", paragraph("Welcome"), field="vip", negate=True)))
    assert "Welcome" in parse(made).render({}, Escape.HTML)
    assert "Welcome" not in parse(made).render({"vip": "1"}, Escape.HTML)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("Hello {{ name", "never closed"),
        ("{% if vip %}", "never closed"),
        ("{{ name | shout }}", "only these can stand"),
    ],
)
def test_mistake_in_typed_tags_is_told_without_a_line_of_the_html(source: str, words: str) -> None:
    with pytest.raises(RichError, match=words) as refusal:
        html_of(doc(source))
    assert "line" not in str(refusal.value)


def test_tag_of_which_a_part_is_bold_is_refused() -> None:
    with pytest.raises(RichError, match="formatting inside this tag"):
        html_of(doc(paragraph(text("{{ na"), text("me }}", mark("bold")))))


def test_footer_has_link_and_address_once() -> None:
    values = {"postal_address": "1 Road", "unsubscribe_url": "https://x.in/u"}
    plain = parse(html_of(doc("x"))).render(values, Escape.HTML)
    assert plain.count("https://x.in/u") == plain.count("1 Road") == 1
    own = doc(
        paragraph("{{ postal_address }}", text("stop", mark("link", href="{{ unsubscribe_url }}")))
    )
    mine = parse(html_of(own)).render(values, Escape.HTML)
    assert mine.count("https://x.in/u") == mine.count("1 Road") == 1
    assert "card-foot" not in mine


def test_right_to_left_mail_runs_that_way() -> None:
    made = html_of(doc(paragraph("مرحبا"), paragraph("שלום"), paragraph("Hello {{ name }}")))
    [page] = starts(made, "html")
    assert page.attributes["dir"] == "rtl"
    english = starts(made, "p")[2]
    assert (english.attributes["dir"], english.attributes["align"]) == ("ltr", "left")
    [mixed] = starts(html_of(doc(paragraph("{{ name }} مرحبا"), "Hello", "Bye")), "html")
    assert mixed.attributes["dir"] == "ltr"


def test_dark_text_is_lifted_in_the_dark_and_light_backgrounds_keep_dark_text() -> None:
    made = body_of(
        paragraph(
            text("dark", mark("textStyle", color="#101010")),
            text("bright", mark("textStyle", color="#ffffff")),
            text("marked", mark("textStyle", backgroundColor="#fff3a0")),
        )
    )
    assert [start.attributes.get("class") for start in starts(made, "span")] == ["dim", None, "lit"]


@pytest.mark.parametrize("background", ["#ffffff", "#f3f5f7", "#101020", "#ffe000", "#808080"])
def test_footer_can_be_read_on_every_background(background: str) -> None:
    made = html_of(doc("x", background=background))
    foot = made.partition('class="foot"')[2]
    [colour] = set(re.findall(r"[; \"]color: (#[0-9a-f]{6})", foot))
    assert contrast(colour, background) >= READABLE


def test_same_document_gives_the_same_bytes() -> None:
    assert html_of(FULL) == html_of(FULL)


SCARY = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="{}"),
    min_size=1, max_size=60,
)  # fmt: skip


@given(
    written=SCARY
    | st.sampled_from(["<script>alert(1)</script>", "<!--", "-->", "]]>", "&lt;", "\"'"])
)
def test_any_text_stays_text(written: str) -> None:
    plain = starts(html_of(doc("x", BUTTON, IMAGE)), "p")
    document = doc(
        written,
        node("button", label=written, href="https://x.in"),
        node("image", src="https://x.in/a.png", alt=written, title=written),
    )
    made = html_of(document)
    assert len(starts(made, "p")) == len(plain)
    assert not starts(made, "script")
    pieces = list(html_pieces(made))
    at = next(i for i, one in enumerate(pieces) if isinstance(one, Start) and one.name == "p")
    shown = "".join(
        one.data for one in pieces[at + 1 : pieces.index(End("p"), at)] if isinstance(one, Text)
    )
    assert shown == written
    [image] = starts(made, "img")
    assert (image.attributes["alt"], image.attributes["title"]) == (written, written)


def test_no_line_is_so_long_that_the_mail_has_to_be_encoded() -> None:
    words = "दीपावली की शुभकामनाएँ " * 90 + "{{ name | default('a b c') }} " * 30
    button = {
        "type": "button",
        "attrs": {"label": "अभी पढ़ें और दोस्तों को बताएँ " * 3, "href": f"https://a.in/{'x' * 200}"},
    }
    link = [{"type": "link", "attrs": {"href": "https://a.in/"}}, {"type": "bold"}]
    made = html_of({"type": "doc", "content": [
        button,
        {"type": "paragraph", "content": [{"type": "text", "text": words}]},
        {"type": "paragraph", "content": [{"type": "text", "text": words, "marks": link}]},
    ]})  # fmt: skip
    assert max(len(line.encode()) for line in made.splitlines()) < 998
    # A line end is the blank that it stands for, and no tag is cut.
    shown = text_from_html(made)
    assert words.split("{", maxsplit=1)[0].strip() in shown
    assert shown.count("{{ name | default('a b c') }}") == 60
    body = compile_body(parse(made), Escape.HTML)
    assert body.is_short
    assert body.fill({}, eight_bit=True).startswith(b"Content-Transfer-Encoding: 8bit")


def test_decoration_has_an_empty_alternative_text() -> None:
    made = body_of(node("image", src="https://a.in/x.png", alt="A line", decorative=True))
    assert 'alt=""' in made
    assert "A line" not in made


@pytest.mark.parametrize(("colour", "has_edge"), [("#2b2d63", True), ("#b3123f", False)])
def test_button_that_a_dark_card_swallows_has_an_edge_there(colour: str, *, has_edge: bool) -> None:
    made = html_of(doc(node("button", label="Buy", href="https://a.in/", color=colour)))
    assert ('class="edged"' in made) is has_edge
    in_the_dark = made.partition("@media (prefers-color-scheme: dark)")[2].partition("</style>")[0]
    assert ".push .edged" in in_the_dark
    # In the light it has none.
    assert "border: 1px solid #8b95a1" not in made.replace(in_the_dark, "")
