"""The merge language: what it renders, what it refuses, and where it says the mistake is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dakiya.mail.merge import Escape, TemplateError, check_fields, field_name, parse


def rendered(source: str, escape: Escape = Escape.TEXT, **values: str) -> str:
    return parse(source).render(values, escape)


@pytest.mark.parametrize(
    ("source", "values", "text"),
    [
        ("no tags } }} { %} {# #}", {}, "no tags } }} { %} {# #}"),
        ("Hi {{ name }}!", {"name": "Asha"}, "Hi Asha!"),
        ("Hi {{name}}!", {}, "Hi !"),
        ("{{ First Name }}|{{ first-name }}|{{FIRST_NAME}}", {"first_name": "A"}, "A|A|A"),
        ("{{ पूरा नाम }}", {"पूरा_नाम": "रवि"}, "रवि"),
        ('{{ city | default("your town") }}', {}, "your town"),
        ("{{ city|default('your \"town\"') }}", {}, 'your "town"'),
        ('{{ city | default("your town") }}', {"city": ""}, "your town"),
        ('{{ city | default("your town") }}', {"city": "Pune"}, "Pune"),
        ("{{ city | default(“it’s”) }}", {}, "it’s"),
        ("{{ city | default(‘it’s’) }}", {}, "it’s"),
        ("{{ city | default(„Dorf“) }}", {}, "Dorf"),
        ("{{&nbsp;city | default(&quot;Tom &amp; Co&quot;) }}", {}, "Tom & Co"),
        ('{{ city | default("") }}', {}, ""),
        ("{{ city\n  | default( 'x' )\n}}", {}, "x"),
        ("{% if city %}in {{ city }}{% else %}here{% endif %}", {"city": "Pune"}, "in Pune"),
        ("{% if city %}in {{ city }}{% else %}here{% endif %}", {"city": ""}, "here"),
        ("a{% if city %}b{% endif %}c", {}, "ac"),
        ("{% if not city %}here{% else %}in {{ city }}{% endif %}", {"city": "Pune"}, "in Pune"),
        ("{% if not city %}here{% else %}in {{ city }}{% endif %}", {}, "here"),
        ("{% IF NOT City %}here{% endif %}", {"city": "Pune"}, ""),
        ("{{ name | upper }}", {"name": "asha"}, "ASHA"),
        ("{{ name | LOWER }}", {"name": "ASHA"}, "asha"),
        (
            "{{ name | title }}",
            {"name": "ASHA mary-jane McDonald रवि"},
            "Asha Mary-Jane McDonald रवि",
        ),
        ('{{ name | default("x") | upper }}', {}, "X"),
        ('{{ name | upper | default("x") }}', {}, "x"),
        ('{{ name | upper | default("a | b") }}', {}, "a | b"),
        ("{{ name | default('a | \"b') | upper }}", {}, 'A | "B'),
        ("{{ on | date(&quot;d MMM&quot;) }}", {"on": "2026-11-24"}, "24 Nov"),
        ('{{ on | date("d MMM") | default("soon") | upper }}', {"on": ""}, "SOON"),
        ('{{ on | date("d MMM") }}', {"on": "soon"}, "soon"),
        ("{{ sum | number(2) }}", {"sum": "1234.5"}, "1,234.50"),
        ("{{ sum | lakh }}", {"sum": "1234567"}, "12,34,567"),
        ("{% IF City %}{%if vip%}1{%else%}2{%endif%}{% Else %}3{% ENDIF %}", {"city": "x"}, "2"),
    ],
)
def test_template_renders(source: str, values: dict[str, str], text: str) -> None:
    assert parse(source).render(values, Escape.TEXT) == text


@pytest.mark.parametrize(
    ("source", "line", "column", "words"),
    [
        ("Hi {{ name", 1, 4, "never closed"),
        ("one\ntwo {{ name }\n{{ city }}", 2, 5, "never closed"),
        ("a\r\nb{% if x", 2, 2, "never closed"),
        ("{{{ name }}}", 1, 1, "three braces"),
        ("{{ }}", 1, 1, "name is missing"),
        ("{% if %}x{% endif %}", 1, 1, "name is missing"),
        ("{{ name.upper() }}", 1, 1, "only letters"),
        ("{{ ''.__class__ }}", 1, 1, "only letters"),
        ("{{ 7 * 7 }}", 1, 1, "only letters"),
        ("{{ <b>name</b> }}", 1, 1, "formatting inside"),
        ("{{ name | shout }}", 1, 1, "only these can stand"),
        ("{{ name | }}", 1, 1, "only these can stand"),
        ("{{ name | default(x) }}", 1, 1, "the default in quotes"),
        ("{{ name | date(x) }}", 1, 1, "in quotes"),
        ("{{ name | date }}", 1, 1, "in quotes"),
        ('{{ name | date("d MMMMM") }}', 1, 1, "“MMMMM” is no part of a date"),
        ('{{ name | date("d \'of") }}', 1, 1, "never closed"),
        ("{{ name | number(7) }}", 1, 1, "at most 6 decimals"),
        ("{{ name | upper | upper | upper | upper | upper | upper }}", 1, 1, "at most 5 filters"),
        ("{% for a in b %}{% endfor %}", 1, 1, "are known here"),
        ("{% include 'x' %}", 1, 1, "are known here"),
        ("{% elif x %}", 1, 1, "are known here"),
        ("x\n {% if a %}", 2, 2, "never closed"),
        ("{% else %}", 1, 1, "no {% if %}"),
        ("{% endif %}", 1, 1, "no {% if %}"),
        ("{% if a %}{% else %}{% else %}{% endif %}", 1, 21, "already has"),
        ("{% if not not a %}{% endif %}", 1, 1, "only one field"),
        ("{% if a and b %}{% endif %}", 1, 1, "only one field"),
        ("{% if a == 'b' %}{% endif %}", 1, 1, "only letters"),
        ("{% if a %}" * 9, 1, 81, "inside one another"),
        ("a\0b", 1, 2, "NUL"),
        ("x" * 500_001, 1, 1, "longer than"),
        ("{{a}}" * 5001, 1, 25001, "more than 5,000 tags"),
    ],
)
def test_mistake_is_named_with_its_place(source: str, line: int, column: int, words: str) -> None:
    with pytest.raises(TemplateError) as refusal:
        parse(source)
    assert (refusal.value.line, refusal.value.column) == (line, column)
    assert words in refusal.value.message
    assert str(refusal.value) == f"{refusal.value.message} (line {line}, column {column})"


def test_values_and_defaults_are_escaped_for_html_only() -> None:
    source = "<b>{{ a }}</b>{{ b | default('<i>') }}"
    evil = "<script>\"'&"
    assert rendered(source, Escape.HTML, a=evil) == (
        "<b>&lt;script&gt;&quot;&#x27;&amp;</b>&lt;i&gt;"
    )
    assert rendered(source, Escape.TEXT, a=evil) == f"<b>{evil}</b><i>"


def test_values_cannot_break_a_header() -> None:
    assert rendered("Hi {{ a }}", Escape.HEADER, a="x\r\nBcc: y\u2028z\0") == "Hi x Bcc: y z"


def test_values_are_never_read_as_a_template() -> None:
    assert rendered("{{ a }}{{ b }}", a="{{ b }}{% if", b="2") == "{{ b }}{% if2"


def test_output_is_bounded_when_values_are_large() -> None:
    template = parse("{{ a }}" * 300)
    assert len(template.render({"a": "x" * 6_000}, Escape.TEXT)) == 1_800_000
    with pytest.raises(TemplateError, match="pass 2,000,000 characters"):
        template.render({"a": "x" * 7_000}, Escape.TEXT)


def test_template_tells_its_fields() -> None:
    template = parse(
        "{{ a }}{{ b | default('x') }}{{ c | default('x') }}{{ c }}"
        "{% if d %}{{ e | default('y') }}{% endif %}"
    )
    assert template.fields == {"a", "b", "c", "d", "e"}
    assert template.defaults == {"b", "e"}
    assert template.always == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("City", "city"),
        ("First Name", "first_name"),
        ("first-name", "first_name"),
        ("  E-Mail  Address! ", "e_mail_address"),
        ("\ufeffname", "name"),
        ("ई-मेल", "ई_मेल"),
        ("पूरा नाम", "पूरा_नाम"),
        ("क्\u200dष", "क्ष"),
        ("Straße", "straße"),
        ("Cafe\u0301", "café"),
        ("ＣＩＴＹ", "city"),
        ("🎉", ""),
        ("", ""),
    ],
)
def test_header_becomes_a_field_name(header: str, name: str) -> None:
    assert field_name(header) == name


@given(st.text(max_size=30))
def test_field_name_is_stable_and_can_be_written_in_a_tag(header: str) -> None:
    name = field_name(header)
    assert field_name(name) == name
    if name:
        assert parse(f"{{{{ {name} }}}}").render({name: "x"}, Escape.TEXT) == "x"


@given(st.text(alphabet=st.sampled_from("{}%| \n\"'()abif<>&;elsdnut")))
def test_any_source_is_read_or_refused_at_a_place_inside_it(source: str) -> None:
    place = (1, 1)
    try:
        template = parse(source)
        assert template.fields or template.render({}, Escape.HTML) == source
    except TemplateError as refusal:
        place = (refusal.line, refusal.column)
    line, column = place
    assert 1 <= column <= len(source.split("\n")[line - 1]) + 1


@given(st.lists(st.tuples(st.text(alphabet=st.characters(exclude_characters="{}\0")), st.text())))
def test_text_around_tags_survives(parts: list[tuple[str, str]]) -> None:
    source = "".join(f"{text}{{{{ f{i} }}}}" for i, (text, _) in enumerate(parts))
    values = {f"f{i}": value for i, (_, value) in enumerate(parts)}
    assert parse(source).render(values, Escape.TEXT) == "".join(a + b for a, b in parts)


def test_field_report_names_what_recipients_lack() -> None:
    templates = [
        parse("{{ name }} {{ email }} {{ unsubscribe_url }} {{ city }} {{ tier }}"),
        parse("{% if vip %}{{ ctiy | default('x') }}{% endif %}"),
    ]
    report = check_fields(templates, {"name": 0, "city": 57, "tier": 100, "vip": 1}, 100)
    assert report.unknown == ("ctiy",)
    assert report.partly_missing == {"name": 100, "city": 43, "vip": 99}


def test_field_report_is_empty_without_recipients() -> None:
    report = check_fields([parse("{{ city }}")], {}, 0)
    assert (report.unknown, dict(report.partly_missing)) == ((), {})
