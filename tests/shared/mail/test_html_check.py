"""What must not stand in a mail is named with its line, and taken out without a trace."""

import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dakiya.mail.html_check import MAX_TAGS, check_html, take_out, unclosed

FINE = [
    "",
    "<p>Hello</p>",
    "a < b and c > d, x<3",
    "<!doctype html><html><head><style>a > b { } /* <x */</style></head><body></body></html>",
    "<!--[if mso]><table><tr><td><![endif]--><p>x</p><!--[if mso]></td></tr></table><![endif]-->",
    "<![if !mso]><p>x</p><![endif]>",
    "<a href=\"https://x.in/?a=b\" title=\"on and on > off\">x</a>",
    "<a href='{{ url | default(\"https://x.in/>\") }}'>x</a>",
    "<td width='{{ w }}' title=\"a {{ b }}\"><a href={{ url }}>x</a>",
    "{% if a %}<div>{% else %}<div class='b'>{% endif %}x</div>",
    "<img src=\"cid:lamp\"><img src='https://x.in/a.png' alt='javascript: the good parts'>",
    "<a href='mailto:asha@x.in'>a</a><a href='tel:+91'>b</a><a href='#top'>c</a>",
    "<p>once</p><p one='two'>",
    "<p{% if a %} class='b'{% endif %}>x</p><td {% if a %}class='b'{% else %}id='c'{% endif %}>",
    "<a href='{% if a %}https://x.in/{{ b }}{% else %}https://y.in{% endif %}'>&lt;{{ c }}</a>",
    "<a href='https://x.in/?q={% if a %}data:{% endif %}'>x</a><!-- <{{ x }} -->",
    "<a {% if a %}href={{ url }}{% endif %} title='a={{ x }}'>x</a>",
]  # fmt: skip


@pytest.mark.parametrize("source", FINE)
def test_sound_html_is_taken_as_it_is(source: str) -> None:
    assert check_html(source) == []
    assert take_out(source) == (source, [])


@pytest.mark.parametrize(
    ("source", "words", "left"),
    [
        ("<p>a</p>\n<script>alert('</p>')</script>b", "a script on line 2", "<p>a</p>\nb"),
        ("<SCRIPT src=x></SCRIPT >x", "a script on line 1", "x"),
        ("<iframe src='x'><p>x</p></iframe>y", "the element <iframe>", "y"),
        ("<object><param><embed></object>y", "the element <object>", "y"),
        ("<embed src=x>y", "the element <embed>", "y"),
        ("<base href='https://x.in'>y", "the element <base>", "y"),
        ("<meta http-equiv=Refresh content='0;url=x'>y", "a redirection", "y"),
        ("<p onclick='alert(1)' class=a>x</p>", "the event handler onclick", "<p  class=a>x</p>"),
        ("<img\nsrc=x oNeRRor=alert(1)>", "the event handler onerror", "<img\nsrc=x >"),
        ("<a href='javascript:alert(1)'>x</a>", "begins with javascript:", "<a >x</a>"),
        ("<a href=' java\tscript&colon;alert(1)'>x</a>", "begins with javascript:", "<a >x</a>"),
        ("<a href=\"&#106;avascript:x\">x</a>", "begins with javascript:", "<a >x</a>"),
        ("<a href='data:text/html,x'>x</a>", "begins with data:", "<a >x</a>"),
        ("a<img src='data:image/png;base64,AA' alt=x>b", "a picture inside the HTML", "ab"),
        ("<td background='data:image/png;base64,AA'>b", "a picture inside the HTML", "<td >b"),
        ("<img src='file:///C:/a.png'>", "a picture that begins with file:", "<img >"),
        ("<p style='width:expression(alert(1))'>x</p>", "a style that runs", "<p >x</p>"),
        ("<td width={{ w }} class=a>", "without quotes around it (width=)", "<td  class=a>"),
        ("<a {{ x }} class=a>y</a>", "a field among the attributes", "<a  class=a>y</a>"),
        ("<a '{{ x }}' class=a>y</a>", "a field among the attributes", "<a '' class=a>y</a>"),
        ("<a title='b'{{ x }}>y</a>", "a field among the attributes", "<a title='b'>y</a>"),
        ("<a on{{ x }}click='b'>y</a>", "a field among the attributes", None),
        ("<a {% if x %}onclick='b'{% endif %}>y</a>", "the event handler onclick", None),
        ("<a {% if x %}on{% endif %}click='b'>y</a>", "inside the name of an attribute", None),
        ("<a href='java{{ x }}script:b'>y</a>", "begins with javascript:", "<a >y</a>"),
        ("<a href='{% if x %}javascript:b{% endif %}'>y</a>", "with javascript:", "<a >y</a>"),
        ("<a href='{% if x %}https://x.in{% else %}javascript:b{% endif %}'>y</a>",
         "begins with javascript:", "<a >y</a>"),
        ("a<img src='{% if x %}data:image/png;base64,AA{% endif %}'>b", "a picture inside", "ab"),
        ("<img srcset='data:image/png;base64,AA 2x'>b", "a picture inside the HTML", "<img >b"),
        ("<p style='background:url(data:image/png;base64,AA)'>b", "a picture inside", "<p >b"),
        ("<scr<script>x</script>ipt>alert(1)</script>", "a script", None),
    ],
)  # fmt: skip
def test_what_runs_is_named_and_taken_out(source: str, words: str, left: str | None) -> None:
    [told, *_] = check_html(source)
    assert words in told or left is None
    cleaned, taken = take_out(source)
    if left is not None:
        assert cleaned == left
        assert any(words in one for one in taken)
        assert check_html(cleaned) == []
    assert "<script>" not in cleaned


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ('<p>a</p>\n<a href="https://x.in>b</a>', "The tag <a on line 2 is never closed"),
        ("<p>a\n\n<b", "The tag <b on line 3 is never closed"),
        ("<p>x</p><!-- and so on <b>", "The comment <!-- on line 1 is never closed"),
        ("<!doctype html <p", "The declaration <! on line 1"),
        ("<style>p { }\n<p>x</p>", "The element <style> on line 1 is never closed"),
        ("<title>x<p>y</p>", "The element <title> on line 1"),
        ("<script>alert(1)", "The element <script> on line 1"),
        ("<object><p>x</p>", "The element <object> on line 1"),
        ("<scr{{ x }}ipt>alert(1)</scr{{ x }}ipt>", "with a merge tag in its name, on line 1"),
        ("<scr{% if x %}{% endif %}ipt>alert(1)", "with a merge tag in its name, on line 1"),
        ("<script{% if x %} a{% endif %}>alert(1)</script>", "with a merge tag in its name"),
        ("<p>\n<{{ x }}>y", "A < right before a merge tag on line 2 may begin a tag: write &lt;"),
        ("{% if x %}<{% endif %}script>alert(1)", "A < right before a merge tag"),
    ],
)
def test_what_swallows_the_rest_is_left_to_its_author(source: str, words: str) -> None:
    assert any(words in told for told in check_html(source))
    assert take_out(source)[0] == source


def test_same_trouble_is_told_once() -> None:
    [told] = check_html("\n".join(["<p onclick=x>a</p>"] * 9))
    assert "on lines 1, 2, 3 and more, 9 in all" in told


def test_unclosed_elements_are_named() -> None:
    assert unclosed("<div>\n<table><tr><td>x<p>y<b>z</b></table>") == [
        "<div> on line 1 is never closed"
    ]
    assert unclosed("<p>a<p>b<ul><li>c</ul><br><img src=x>") == []


@given(st.lists(st.sampled_from(
    ["<", ">", "<p ", "<script", "</script", "<!--", "-->", "on", "onx=", "'", '"', "{{ a }}", "=",
     "href=", "javascript:", "<style>", "</style>", "<object>", "</object>", "x", "\n", " "]
), max_size=30).map("".join))  # fmt: skip
def test_anything_is_checked_and_cleaned_to_an_end(source: str) -> None:
    cleaned, _ = take_out(source)
    told = check_html(cleaned)
    ills = ("is never closed", "may begin a tag", "may become another one")
    assert all(any(ill in one for ill in ills) for one in told)
    assert all(one.endswith(".") for one in told)


# What begins a tag: nothing is looked at where there are more of them.
TAGS = [
    "<a", "<a ", "<p onx=1>", "<script></script>", "<object>", "<a href='", "<style>",
    "<p on{0}=1>",
]  # fmt: skip


@pytest.mark.parametrize(
    ("scrap", "pieces"),
    [
        *((scrap, 500_000 // len(scrap)) for scrap in ("<", "<!--", "'", "{{")),
        *((scrap, MAX_TAGS) for scrap in TAGS),
    ],
)
def test_half_a_million_characters_and_the_most_tags_take_a_moment(scrap: str, pieces: int) -> None:
    source = "".join(scrap.replace("{0}", str(n)) for n in range(pieces))
    begun = time.process_time()
    told = check_html(source)
    assert time.process_time() - begun < 10
    assert not any("tags in this HTML" in one for one in told)  # it has looked at all of it


def work_of(source: str) -> int:
    """Count the calls of a check: the same on every machine, however busy it is."""
    calls = 0

    def note(*_: object) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(note)
    try:
        check_html(source)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize(
    "scrap", ["<a ", "<a>x", "<div>", "<a href=h>", "<p style='", "<!-- ", "{{ a"]
)
def test_work_grows_with_the_length_and_ends_at_too_many_tags(scrap: str) -> None:
    short, long, longest = (scrap * count for count in (2_000, 20_000, 125_000))
    assert work_of(long) < 11 * work_of(short)
    # At most 60 calls for each tag of the most that there may be, whatever the length.
    assert work_of(longest) < 60 * MAX_TAGS


def test_too_many_tags_are_refused() -> None:
    [told] = check_html("<a>" * 166_000)
    assert "There are 166,000 tags" in told
    assert check_html("<br>" * MAX_TAGS) == []
