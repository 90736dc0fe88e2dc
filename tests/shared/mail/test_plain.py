"""Plain text out of HTML: readable, with merge tags untouched, whatever the HTML looks like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dakiya.mail.merge import Escape, TemplateError, parse
from dakiya.mail.plain import text_from_html

MARKUP = (
    "<p>",
    "</p>",
    "<a href='https://x.example'>",
    "</a>",
    "<ul>",
    "<ol>",
    "<li>",
    "</ul>",
    "<td>",
    "<tr>",
    "<head>",
    "</head>",
    "<body>",
    "<style>",
    "</style>",
    "<script>",
    "<!--",
    "-->",
    "<pre>",
    "</pre>",
    "<blockquote>",
    "<br>",
    "<img alt=x>",
    "<",
    ">",
    '"',
    "'",
    "&amp;",
    "\n",
    "  ",
    "word",
    "{{ a }}",
    '{{ b | default("<3") }}',
    "{% if c %}",
    "{% else %}",
    "{% endif %}",
    "\ufdd00\ufdd1",
)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain", "plain"),
        (
            "<p>One\n  two&nbsp;&amp; <b>three</b></p><p>Four<br>five</p>",
            "One two\xa0& three\n\nFour\nfive",
        ),
        ("<h1>Title</h1><div>a</div><div>b</div>", "Title\n\na\nb"),
        (
            "<a href='https://x.example/?a=1&amp;b=2'>Shop</a> now",
            "Shop (https://x.example/?a=1&b=2) now",
        ),
        ("<a href=https://x.example>https://x.example</a>", "https://x.example"),
        ("<a href='mailto:a@x.example'>a@x.example</a>", "a@x.example"),
        ("<a href='#top'>Top</a><a name=x></a>", "Top"),
        (
            '<a href="https://x.example"><img src=i.png alt="Our shop"></a>',
            "Our shop (https://x.example)",
        ),
        ('<a href="https://x.example"><img src=i.png></a>', "https://x.example"),
        ("<ul><li>One<li>Two<ul><li>Deep</li></ul></ul>", "- One\n- Two\n  - Deep"),
        ("<ol><li><p>One</p></li><li>Two</li></ol>", "1. One\n2. Two"),
        (
            "<table><tr><th>Tea</th><td>20</td></tr><tr><td>Rice</td><td>9</td></tr></table>",
            "Tea | 20\nRice | 9",
        ),
        ("<table><tr><td><p>A</p></td><td><p>B</p></td></tr></table>", "A\n\nB"),
        ("<blockquote>Said<br>so</blockquote>", "> Said\n> so"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("a<hr>b", "a\n\n--------------------\n\nb"),
        ("<head><title>T</title><style>p{}</style></head><p>Body</p>", "Body"),
        ("<head><title>never closed</title><body>Body", "Body"),
        ("<script>if (a<b) '</p>'</script>x<style>y</style>", "x"),
        ("<!-- no --><!doctype html><?php no ?>x<![if !mso]>y<![endif]>", "xy"),
        ("1 < 2 and 3 <4 a<b", "1 < 2 and 3 <4 a<b"),
        ("रवि <b>👩\u200d🚀</b> שלום", "रवि 👩\u200d🚀 שלום"),
    ],
)
def test_html_is_written_down_as_text(html: str, text: str) -> None:
    assert text_from_html(html) == text + "\n"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<p>{{ name | default("<3 & co") }}</p>', '{{ name | default("<3 & co") }}'),
        ("{{ a | default(&quot;x&quot;) }}", "{{ a | default(&quot;x&quot;) }}"),
        (
            '<a href="{{ url | default("x") }}">{{ city }}</a>',
            '{{ city }} ({{ url | default("x") }})',
        ),
        ("<table>{% if a %}<tr><td>x</td></tr>{% endif %}</table>", "{% if a %}x\n{% endif %}"),
        ("<style>{% if a %}p{}{{ b }}</style>y{% endif %}", "{% if a %}y{% endif %}"),
        ("<!-- {% if a %} {{ b }} -->y{% endif %}", "{% if a %}y{% endif %}"),
        ("forged \ufdd07\ufdd1 mark", "forged 7 mark"),
    ],
)
def test_merge_tags_survive(html: str, text: str) -> None:
    assert text_from_html(html) == text + "\n"


@given(st.lists(st.sampled_from(MARKUP), max_size=30).map("".join))
def test_text_is_a_template_whenever_the_html_is(html: str) -> None:
    text = text_from_html(html)
    assert text.endswith("\n")
    try:
        fields = parse(html).fields
    except TemplateError:
        return
    assert parse(text).fields <= fields


@pytest.mark.parametrize(
    "unit",
    [
        "<",
        "<!",
        "<!--",
        "</",
        "<a ",
        '<a href="',
        "<a \"' ",
        "<?",
        "<script>",
        "<ul><li>",
        "a<b>",
        "&lt;<b>",
        "<a b= ",
    ],
)
@pytest.mark.timeout(30)
def test_hostile_html_takes_time_by_its_length_alone(unit: str) -> None:
    """The standard library's parser needs two minutes for the third of them."""
    text_from_html((unit * 500_000)[:500_000])


def test_part_that_is_not_shown_leaves_no_hole() -> None:
    source = "<p>a</p>{% if vip %}<p>b</p>{% else %}<p>c</p>{% endif %}<p>d</p>"
    template = parse(text_from_html(source))
    assert template.render({"vip": "1"}, Escape.TEXT) == "a\n\nb\n\nd\n"
    assert template.render({}, Escape.TEXT) == "a\n\nc\n\nd\n"
    bare = parse(text_from_html("<p>a</p>{% if vip %}<p>b</p>{% endif %}<p>d</p>"))
    assert bare.render({}, Escape.TEXT) == "a\n\nd\n"


def test_cells_of_a_table_with_data_stand_in_a_line() -> None:
    rows = "<tr><th><p>Item</p></th><th>Price</th></tr><tr><td><p>a</p><p>b</p></td><td>1</td></tr>"
    for table in ("<table class='data x'>", "<table border=1>"):
        assert text_from_html(f"{table}{rows}</table><p>c</p>") == ("Item | Price\na b | 1\n\nc\n")
