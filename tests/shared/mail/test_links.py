"""Signed references: what comes back is what left, and nothing else is believed."""

import re

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from dakiya.mail.links import (
    UnsubscribeRef,
    derive_key,
    message_id,
    message_tag,
    read_message_id,
    read_unsubscribe_token,
    unsubscribe_token,
)

KEY = derive_key("a secret that is long enough", "unsubscribe")
IDS = st.integers(1, 2**63 - 1)
REF = UnsubscribeRef(campaign_id=12, recipient_id=3456)


def test_derived_key_equals_the_libraries_hkdf() -> None:
    expected = HKDF(SHA256(), 32, salt=None, info=b"unsubscribe").derive(
        b"a secret that is long enough"
    )
    assert expected == KEY
    assert derive_key("a secret that is long enough", "message") != KEY


@given(IDS, IDS)
def test_unsubscribe_token_comes_back_as_its_reference(campaign_id: int, recipient_id: int) -> None:
    ref = UnsubscribeRef(campaign_id, recipient_id)
    token = unsubscribe_token(KEY, ref)
    assert re.fullmatch(r"[0-9a-z.]{1,64}", token) or len(str(campaign_id)) > 15
    assert read_unsubscribe_token(KEY, token) == ref
    assert read_unsubscribe_token(KEY, token.upper()) == ref
    assert read_unsubscribe_token(derive_key("another", "unsubscribe"), token) is None


def test_unsubscribe_token_carries_a_tag_of_128_bits() -> None:
    assert len(unsubscribe_token(KEY, REF).rpartition(".")[2]) * 5 >= 128


@given(st.data())
def test_unsubscribe_token_with_one_changed_character_is_refused(data: st.DataObject) -> None:
    token = unsubscribe_token(KEY, REF)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(
        st.sampled_from("abcdefghijklmnopqrstuvwxyz0123456789.-_ ").filter(
            lambda character: character != token[at]
        )
    )
    assert read_unsubscribe_token(KEY, token[:at] + other + token[at + 1 :]) is None


@pytest.mark.parametrize(
    "token",
    [
        "", ".", "1.2", "1.2.", "0.2." + "a" * 26, "01.2." + "a" * 26, "1.2." + "a" * 26,
        "-1.2." + "a" * 26, "१.२." + "a" * 26, "1" * 30 + ".2." + "a" * 26, "\ud800", "é" * 40,
    ],
)  # fmt: skip
def test_unsubscribe_token_is_refused_when_made_up(token: str) -> None:
    assert read_unsubscribe_token(KEY, token) is None


def test_unsubscribe_token_of_another_recipient_is_refused() -> None:
    tag = unsubscribe_token(KEY, REF).rpartition(".")[2]
    assert read_unsubscribe_token(KEY, f"12.3457.{tag}") is None


@given(IDS, IDS)
def test_message_id_comes_back_as_its_parts(campaign_id: int, recipient_id: int) -> None:
    tag = message_tag(KEY, campaign_id=campaign_id, recipient_id=recipient_id)
    built = message_id(
        token=tag, campaign_id=campaign_id, recipient_id=recipient_id, domain="mail.example.com"
    )
    assert read_message_id(built) == (campaign_id, recipient_id, tag)
    assert read_message_id(f" {built.strip('<>')}\r\n") == (campaign_id, recipient_id, tag)


def test_message_tag_depends_on_key_campaign_and_recipient() -> None:
    tags = {
        message_tag(key, campaign_id=campaign_id, recipient_id=recipient_id)
        for key in (KEY, b"other")
        for campaign_id in (1, 12)
        for recipient_id in (1, 21, 2)
    }
    assert len(tags) == 12


@pytest.mark.parametrize(
    "value",
    [
        "",
        "<>",
        "<1.2@example.com>",
        "<a.b.c@example.com>",
        "<1.2.c@example.com> x",
        "<1.2.c d@x.y>",
    ],
)
def test_foreign_message_id_is_not_read(value: str) -> None:
    assert read_message_id(value) is None


@pytest.mark.parametrize(
    ("token", "domain"), [("a b", "x.y"), ("a", "x>y"), ("", "x.y"), ("a", "")]
)
def test_message_id_is_not_built_from_parts_that_break_it(token: str, domain: str) -> None:
    with pytest.raises(ValueError, match="Message-ID"):
        message_id(token=token, campaign_id=1, recipient_id=2, domain=domain)
