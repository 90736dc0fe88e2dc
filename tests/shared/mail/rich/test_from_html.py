"""Foreign HTML becomes a document: Word's, Google Docs', a mail's; what is lost is told."""

# ruff: noqa: E501 - foreign HTML, as long as it comes

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dakiya.mail.html_pieces import Start
from dakiya.mail.plain import text_from_html
from dakiya.mail.rich.document import Node, read_document
from dakiya.mail.rich.from_html import document_of_html
from dakiya.mail.rich.from_text import document_of_text
from dakiya.mail.rich.render import html_of
from tests.shared.mail.rich.documents import FULL

WORD = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style>p.MsoNormal{margin:0}
</style></head><body lang=EN-IN style='tab-interval:36.0pt'><!--StartFragment-->
<h1 style='margin-left:0cm'><span lang=EN-US>Diwali <o:p></o:p></span></h1>
<p class=MsoNormal><b><span style='color:windowtext'>Dear</span></b>\
<span style='mso-spacerun:yes'>  </span>friend,<o:p></o:p></p>
<p class=MsoNormal><o:p>&nbsp;</o:p></p>
<p class=MsoListParagraphCxSpFirst style='text-indent:-18.0pt;mso-list:l0 level1 lfo1'>\
<![if !supportLists]><span style='font-family:Symbol'><span style='mso-list:Ignore'>·<span
style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp;</span></span></span><![endif]>Lamps<o:p></o:p></p>
<p class=MsoListParagraphCxSpMiddle style='mso-list:l0 level2 lfo1'>\
<span style='mso-list:Ignore'>1)<span>&nbsp;</span></span>Brass</p>
<p class=MsoListParagraphCxSpLast style='mso-list:l0 level1 lfo1'>\
<span style='mso-list:Ignore'>·<span>&nbsp;</span></span>Sweets</p>
<p class=MsoNormal>Bye<!--EndFragment--></p></body></html>"""

DOCS = """<meta charset='utf-8'><b style="font-weight:normal;" id="docs-internal-guid-1"><h2 dir="ltr">
<span style="font-size:16pt;color:#000000;background-color:transparent;font-weight:400">Offer</span>\
</h2><p dir="ltr"
style="line-height:1.38;text-align: center;"><span
style="font-size:11pt;font-weight:700;color:#cc0000;white-space:pre-wrap;">50% off</span><span
style="font-style:italic"> now</span></p><br /><ul><li dir="ltr" style="list-style-type:disc">\
<p dir="ltr" role="presentation"><span>one</span></p>
</li><ul><li><p>nested</p></li></ul></ul><div dir="ltr"><table style="border:none">\
<colgroup><col /></colgroup><tbody><tr><td><p>a</p></td><td>
<p>b</p></td></tr><tr><td><p>c</p></td><td></td></tr></tbody></table></div></b>"""


def outline(node: Node) -> Any:
    """Write a document in short: text as it is, the others as [type, ...inside]."""
    if node.type == "text":
        marks = "".join(mark.type[0] for mark in node.marks)
        return f"{marks}:{node.text}" if marks else node.text
    return [node.type, *(outline(inner) for inner in node.content)]


def read(source: str) -> tuple[list[Any], list[str]]:
    found = document_of_html(source)
    return outline(read_document(found.document))[1:], found.lost


def test_word_becomes_headings_paragraphs_and_real_lists() -> None:
    assert read(WORD) == (
        [
            ["heading", "Diwali"],
            ["paragraph", "b:Dear", " friend,"],
            ["bulletList",
             ["listItem", ["paragraph", "Lamps"],
              ["orderedList", ["listItem", ["paragraph", "Brass"]]]],
             ["listItem", ["paragraph", "Sweets"]]],
            ["paragraph", "Bye"],
        ],
        ["styles of its own"],
    )  # fmt: skip


def test_google_docs_keeps_its_marks_and_alignment() -> None:
    blocks, lost = read(DOCS)
    assert blocks == [
        ["heading", "t:Offer"],
        ["paragraph", "bt:50% off", "i: now"],
        ["bulletList",
         ["listItem", ["paragraph", "one"],
          ["bulletList", ["listItem", ["paragraph", "nested"]]]]],
        ["table",
         ["tableRow", ["tableCell", ["paragraph", "a"]], ["tableCell", ["paragraph", "b"]]],
         ["tableRow", ["tableCell", ["paragraph", "c"]], ["tableCell", ["paragraph"]]]],
    ]  # fmt: skip
    assert lost == []
    paragraph = read_document(document_of_html(DOCS).document).content[1]
    assert paragraph.attrs["textAlign"] == "center"
    [style] = [mark for mark in paragraph.content[0].marks if mark.type == "textStyle"]
    assert style.attrs == {"color": "#cc0000", "backgroundColor": None, "fontSize": None}


@pytest.mark.parametrize(
    ("source", "blocks", "lost"),
    [
        ("", [["paragraph"]], []),
        ("just text", [["paragraph", "just text"]], []),
        ("a<br>b<br><br>", [["paragraph", "a", ["hardBreak"], "b"]], []),
        ("<p>a<p>b", [["paragraph", "a"], ["paragraph", "b"]], []),
        ("<p>a <b>b</b>\n c</p>", [["paragraph", "a ", "b:b", " c"]], []),
        ("<pre>a\n  b</pre>", [["paragraph", "a", ["hardBreak"], "  b"]], []),
        ("<script>x</script>a", [["paragraph", "a"]], ["scripts (1)"]),
        ("<form><input>a<button>b</button></form>", [["paragraph", "a"]], ["forms (1)", "form fields (2)"]),
        ("<img src='data:image/png;base64,AA'>a", [["paragraph", "a"]], ["pictures inside the HTML itself (1)"]),
        ("<img src='a.png'>a", [["paragraph", "a"]], ["pictures without a usable address (1)"]),
        ("a<img src='https://x.in/a.png' width=1>", [["paragraph", "a"]], []),
        ("a<img src='https://x.in/a.png'>b", [["paragraph", "a"], ["image"], ["paragraph", "b"]], []),
        ("<a href='javascript:x'>a</a>", [["paragraph", "a"]], []),
        ("<a href='/x'>a</a>", [["paragraph", "a"]], ["links that lead nowhere (1)"]),
        ("<a href='https://x.in'>a <b>b</b></a>", [["paragraph", "l:a ", "lb:b"]], []),
        ("<a href='{{ url }}'>{{ name | default(\"x\") }}</a>", [["paragraph", 'l:{{ name | default("x") }}']], []),
        ("<p onclick=x style='color:red'>a</p>", [["paragraph", "t:a"]], []),
        ("<h5>a</h5><hr><center>b</center>", [["heading", "a"], ["horizontalRule"], ["paragraph", "b"]], []),
        ("<ul>x<li>a</ul>", [["bulletList", ["listItem", ["paragraph", "x"]], ["listItem", ["paragraph", "a"]]]], []),
        ("<li>a</li>", [["paragraph", "a"]], []),
        ("<blockquote>a<p>b</blockquote>", [["blockquote", ["paragraph", "a"], ["paragraph", "b"]]], []),
        ("<table><tr><td>only</table>", [["paragraph", "only"]], []),
        ("<table><tr><td><img src=https://x.in/a.png><td>b</table>",
         [["columns", ["column", ["image"]], ["column", ["paragraph", "b"]]]], []),
        ("<table role=presentation><tr><td>a<td>b<td>c</table>",
         [["paragraph", "a"], ["paragraph", "b"], ["paragraph", "c"]], ["rows of columns beside each other (1)"]),
        ("<table><tr><td><table><tr><td>a<td>b<tr><td>c<td>d</table></table>",
         [["table", ["tableRow", ["tableCell", ["paragraph", "a"]], ["tableCell", ["paragraph", "b"]]],
           ["tableRow", ["tableCell", ["paragraph", "c"]], ["tableCell", ["paragraph", "d"]]]]], []),
    ],
)  # fmt: skip
def test_html_becomes_what_it_looks_like(source: str, blocks: list[Any], lost: list[str]) -> None:
    assert read(source) == (blocks, lost)


def test_rich_mail_as_html_comes_back_with_all_its_words() -> None:
    html = html_of(FULL)
    back = html_of(document_of_html(html).document)
    for words in ("Happy Diwali", "bold & <b>", "here", "Lamp", "₹ 100", "Not yet a member?", "deep",
                  "مرحبا بالعالم", "said", "Buy {{ name }}", "{% if not vip %}"):  # fmt: skip
        assert words in text_from_html(back)


@given(st.text(alphabet=st.sampled_from("abc <>&\n\t{}%'\"é\0\ud800م"), max_size=80)
       | st.lists(st.sampled_from(
           ["<p>", "</p>", "<ul>", "<ol start=3>", "<li>", "</ul>", "<table>", "<tr>", "<td>", "<th>",
            "</table>", "<b>", "</b>", "<a href='https://x.in'>", "</a>", "<blockquote>", "<h1>", "</h1>",
            "<img src='https://x.in/a.png'>", "<br>", "<hr>", "<pre>", "</pre>", "text", " ", "\n",
            "<span style='mso-list:Ignore'>", "</span>", "<p style='mso-list:l0 level3'>",
            "<font color=red>", "<div align=center>", "</div>", "<script>"]
       ), max_size=40).map("".join))  # fmt: skip
def test_any_html_becomes_a_document_that_can_be_kept(source: str) -> None:
    read_document(document_of_html(source).document)


@pytest.mark.parametrize(
    "scrap",
    ["<", "<a ", "<p>x", "<ul><li>", "<b>", "<table><tr><td>", "<blockquote>", "<div>", "&", "{{",
     "<p style='mso-list:l0 level9'>x", "<span style='mso-list:Ignore'>", "<!--", "<td>x"],
)  # fmt: skip
def test_paste_of_a_million_characters_takes_a_moment(scrap: str) -> None:
    begun = time.perf_counter()
    read_document(document_of_html(scrap * (1_000_000 // len(scrap))).document)
    assert time.perf_counter() - begun < 20


def test_paste_of_five_million_characters_is_cut_and_told() -> None:
    begun = time.perf_counter()
    found = document_of_html("<p>word</p>" * 500_000)
    assert found.lost[0] == "all behind the first 500,000 characters"
    read_document(found.document)
    assert time.perf_counter() - begun < 20


def test_paste_of_five_million_characters_of_pictures_keeps_its_words() -> None:
    picture = f"<img src='data:image/png;base64,{'A' * 1_000_000}'>"
    blocks, lost = read(f"<p>one</p>{picture * 5}<p>two</p>")
    assert blocks == [["paragraph", "one"], ["paragraph", "two"]]
    assert lost == ["pictures inside the HTML itself (5)"]


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("", [["paragraph"]]),
        ("a\nb\n\n \nc", [["paragraph", "a", ["hardBreak"], "b"], ["paragraph", "c"]]),
        ("See https://x.in/a?b=c. Bye", [["paragraph", "See ", "l:https://x.in/a?b=c", ". Bye"]]),
        ("{% if a %}\r\nx\r\n{% endif %}",
         [["paragraph", "{% if a %}", ["hardBreak"], "x", ["hardBreak"], "{% endif %}"]]),
    ],
)  # fmt: skip
def test_text_becomes_paragraphs_and_links(text: str, blocks: list[Any]) -> None:
    document = document_of_text(text)
    assert outline(read_document(document))[1:] == blocks


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))))
def test_any_text_becomes_a_document(text: str) -> None:
    read_document(document_of_text(text))


def test_start_tags_are_equal_by_what_they_say() -> None:
    assert Start("p", {}, 1, 2) == Start("p", {}, 3, 4)
