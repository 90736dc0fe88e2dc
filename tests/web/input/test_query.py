"""The query of a list."""

import pytest

from dakiya.models import EmailState
from dakiya_web.input.query import Page, read_page
from dakiya_web.input.reader import InvalidFields


def test_query_is_read_with_defaults() -> None:
    assert read_page({}) == Page(cursor=None, limit=100)
    found = read_page({"cursor": "7", "limit": "500", "status": "sent"}, states=EmailState)
    assert found == Page(cursor=7, limit=500, state=EmailState.SENT)
    assert read_page({"cursor": "", "limit": "", "status": ""}, states=EmailState) == Page(
        None, 100
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "nonsense"),
        ("status", "SENT"),
        ("cursor", "abc"),
        ("cursor", "-1"),
        ("cursor", "९"),
        ("cursor", "9" * 20),
        ("limit", "0"),
        ("limit", "501"),
        ("limit", "x"),
    ],
)
def test_wrong_value_is_named(field: str, value: str) -> None:
    with pytest.raises(InvalidFields) as caught:
        read_page({field: value}, states=EmailState)
    assert list(caught.value.errors) == [field]
