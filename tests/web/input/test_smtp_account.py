"""The fields of an SMTP account, read from JSON."""

from typing import Any

import pytest

from dakiya.models import Security
from dakiya.smtp_accounts.egress import EgressRule
from dakiya_web.input.reader import InvalidFields
from dakiya_web.input.smtp_account import AccountInput, read_account
from tests.web.conftest import account_body


def read(body: dict[str, Any], *, allowed: str = "", has_password: bool = False) -> AccountInput:
    return read_account(body, egress=EgressRule.parse(allowed), has_password=has_password)


def test_valid_account_is_read_with_defaults() -> None:
    found = read(account_body(host=" SMTP.Example.com. ", from_email="Asha@EXAMPLE.com"))
    assert found.password == "an smtp password"
    assert (found.values.host, found.values.security) == ("smtp.example.com", Security.STARTTLS)
    assert found.values.from_email == "Asha@example.com"
    assert (found.values.connections, found.values.mails_per_connection) == (4, 100)
    assert found.values.per_day is None


@pytest.mark.parametrize("host", ["0x7f.example.com", "127.example", "8.8.8.8", "mx-0x1.de"])
def test_host_that_only_begins_like_a_number_is_a_name(host: str) -> None:
    assert read(account_body(host=host)).values.host == host


def test_password_is_kept_byte_for_byte() -> None:
    assert read(account_body(password="  p\tä ss ")).password == "  p\tä ss "


def test_stored_password_need_not_be_sent() -> None:
    assert read(account_body(password=None), has_password=True).password is None


def test_login_without_protection_is_for_loopback_only() -> None:
    body = account_body(security="none", host="127.0.0.1", port=1025)
    assert read(body, allowed="127.0.0.1:1025").values.username == "asha"
    with pytest.raises(InvalidFields):
        read(body | {"host": "relay.internal"}, allowed="relay.internal")


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"name": ""}, "name", "required"),
        ({"name": "  "}, "name", "required"),
        ({"name": None}, "name", "required"),
        ({"name": 7}, "name", "text"),
        ({"name": "a\0b"}, "name", "NUL"),
        ({"name": "a\nb"}, "name", "one line"),
        ({"name": "\ud800"}, "name", "control character"),
        ({"name": "x" * 201}, "name", "200"),
        ({"host": "smtp://smtp.example.com"}, "host", "without smtp://"),
        ({"host": "smtp.example.com:587"}, "host", "own field"),
        ({"host": "smtp example com"}, "host", "host name"),
        ({"host": "पोस्ट.example"}, "host", "ASCII"),
        ({"host": "127.1"}, "host", "whole IP address"),
        ({"host": "127.1."}, "host", "whole IP address"),
        ({"host": "2130706433"}, "host", "whole IP address"),
        ({"host": "0x7f000001"}, "host", "whole IP address"),
        ({"host": "0x7f.1"}, "host", "whole IP address"),
        ({"host": "127.0.0.0x1"}, "host", "whole IP address"),
        ({"host": "127.0.0.0X"}, "host", "whole IP address"),
        ({"host": "0177.0.0.01"}, "host", "whole IP address"),
        ({"host": "127.0.0.1.1"}, "host", "whole IP address"),
        ({"host": "smtp.example.25"}, "host", "whole IP address"),
        ({"host": "127.0.0.1"}, "host", "internal"),
        ({"host": "[::1]"}, "host", "own field"),
        ({"host": "::1"}, "host", "internal"),
        ({"host": "::ffff:10.0.0.1"}, "host", "internal"),
        ({"host": "10.1.2.3"}, "host", "internal"),
        ({"host": "169.254.169.254"}, "host", "internal"),
        ({"host": "100.64.0.1"}, "host", "internal"),
        ({"host": "localhost"}, "host", "internal"),
        ({"host": "localhost."}, "host", "internal"),
        ({"port": 22}, "port", "not allowed"),
        ({"port": "587"}, "port", "without quotes"),
        ({"port": True}, "port", "whole number"),
        ({"port": 587.5}, "port", "whole number"),
        ({"port": 10**30}, "port", "65,535"),
        ({"port": None}, "port", "required"),
        ({"security": "ssl"}, "security", "starttls"),
        ({"security": None}, "security", "starttls"),
        ({"security": "none"}, "security", "unprotected"),
        ({"from_email": "asha"}, "from_email", "@"),
        ({"from_email": "a@example.com\r\nBcc: b@example.com"}, "from_email", "line break"),
        ({"from_email": None}, "from_email", "required"),
        ({"from_name": "a\r\nBcc: x"}, "from_name", "one line"),
        ({"username": None}, "username", "password"),
        ({"password": None}, "password", "required"),
        ({"password": ["x"]}, "password", "text"),
        ({"limits": {"per_second": 0}}, "limits.per_second", "from 1"),
        ({"limits": {"per_day": -1}}, "limits.per_day", "from 1"),
        ({"limits": {"per_hour": 2.5}}, "limits.per_hour", "whole number"),
        ({"limits": {"connections": 51}}, "limits.connections", "50"),
        ({"limits": {"mails_per_connection": 0}}, "limits.mails_per_connection", "from 1"),
        ({"limits": {"per_week": 5}}, "limits.per_week", "known"),
        ({"limits": [1]}, "limits", "object"),
        ({"passwort": "x"}, "passwort", "known"),
    ],
)
def test_wrong_field_is_named_with_what_is_wrong(
    changes: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(InvalidFields) as caught:
        read(account_body(**changes))
    assert list(caught.value.errors) == [field]
    assert words in " ".join(caught.value.errors[field])
