"""What a domain's records come to."""

import base64

import pytest

from dakiya.domains.records import Findings, Verdict, judge, read_tags
from dakiya.smtp_accounts.providers import find_provider

GOOGLE = find_provider("workspace")
KEY_1024, KEY_2048 = (base64.b64encode(bytes(size)).decode() for size in (162, 294))
FINE = Findings(
    spf=["v=spf1 include:_spf.google.com ~all"],
    spf_includes=["_spf.google.com", "_netblocks.google.com"],
    spf_lookups=4,
    dkim={"google": f"v=DKIM1; k=rsa; p={KEY_2048}"},
    dmarc=["v=DMARC1; p=quarantine; rua=mailto:d@example.com"],
    dmarc_at="example.com",
)


def verdict(kind: str, **found: object) -> Verdict:
    values = {**FINE.as_json(), **found}
    judged = judge(Findings.read(values), domain="example.com", provider=GOOGLE)
    return next(one.verdict for one in judged if one.kind == kind)


def test_domain_in_order_is_fine() -> None:
    judged = judge(FINE, domain="example.com", provider=GOOGLE)
    assert [one.verdict for one in judged] == ["spf_fine", "dkim_fine", "dmarc_fine"]
    assert {one.tone for one in judged} == {"good"}
    assert Findings.read(FINE.as_json()) == FINE


@pytest.mark.parametrize(
    ("records", "wanted"),
    [
        ([], "spf_missing"),
        (["v=spf1 -all", "v=spf1 ~all"], "spf_several"),
        (["v=spf1 include:_spf.google.com +all"], "spf_anybody"),
        (["v=spf1 include:_spf.google.com all"], "spf_anybody"),
        (["v=spf1 include:_spf.google.com"], "spf_open_end"),
        (["v=spf1 include:_spf.google.com ?all"], "spf_open_end"),
        (["v=spf1 redirect=_spf.google.com"], "spf_fine"),
        (["V=SPF1 INCLUDE:_SPF.GOOGLE.COM -ALL"], "spf_fine"),
    ],
)
def test_spf_record_is_read(records: list[str], wanted: str) -> None:
    assert verdict("spf", spf=records) == wanted


def test_spf_has_to_name_the_provider_at_any_depth_and_cheaply() -> None:
    assert verdict("spf", spf_includes=["elsewhere.example"]) is Verdict.SPF_LACKS_PROVIDER
    assert verdict("spf", spf_includes=["wrap.example", "_spf.google.com"]) is Verdict.SPF_FINE
    assert verdict("spf", spf_lookups=11) is Verdict.SPF_TOO_DEEP
    own = judge(FINE, domain="example.com", provider=None)
    assert own[0].verdict is Verdict.SPF_FINE


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ({}, "dkim_not_found"),
        ({"s1": "v=DKIM1; p="}, "dkim_revoked"),
        ({"s1": "v=DKIM1; p=***"}, "dkim_revoked"),
        ({"s1": f"v=DKIM1; p={KEY_1024}"}, "dkim_weak"),
        ({"s1": "v=DKIM1; p=", "s2": f"p={KEY_2048}"}, "dkim_fine"),
        ({"s1": "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}, "dkim_fine"),
    ],
)
def test_dkim_key_is_read(keys: dict[str, str], wanted: str) -> None:
    assert verdict("dkim", dkim=keys) == wanted


@pytest.mark.parametrize(
    ("records", "wanted"),
    [
        ([], "dmarc_missing"),
        (["v=DMARC1; p=none"], "dmarc_watches"),
        (["v=DMARC1;p=reject;pct=100"], "dmarc_fine"),
        (["v=DMARC1; p=reject", "v=DMARC1; p=none"], "dmarc_several"),
        (["v=DMARC1; rua=mailto:x@example.com"], "dmarc_broken"),
    ],
)
def test_dmarc_record_is_read(records: list[str], wanted: str) -> None:
    assert verdict("dmarc", dmarc=records) == wanted


@pytest.mark.parametrize("kind", ["spf", "dkim", "dmarc"])
def test_silence_is_not_called_missing(kind: str) -> None:
    empty: object = {} if kind == "dkim" else []
    assert verdict(kind, unanswered=[kind], **{kind: empty}) is Verdict.UNANSWERED


def test_domain_that_is_none_is_said_so() -> None:
    [one] = judge(Findings(exists=False), domain="example.com", provider=None)
    assert (one.verdict, one.tone) == (Verdict.NO_DOMAIN, "bad")


def test_provider_s_own_domain_belongs_to_its_own_server() -> None:
    brevo, gmail = find_provider("brevo"), find_provider("gmail")
    [one] = judge(FINE, domain="gmail.com", provider=brevo)
    assert one.verdict is Verdict.FOREIGN
    assert len(judge(FINE, domain="gmail.com", provider=gmail)) == 3
    assert len(judge(FINE, domain="gmail.com", provider=GOOGLE)) == 3
    [own_server] = judge(FINE, domain="yahoo.co.in", provider=None)
    assert own_server.verdict is Verdict.FOREIGN
    microsoft = find_provider("microsoft365")
    assert len(judge(FINE, domain="hotmail.com", provider=microsoft)) == 3


def test_tags_are_read_whatever_their_spacing() -> None:
    assert read_tags("v = DMARC1 ;p= none; ;P=reject") == {"v": "DMARC1", "p": "none"}
    assert read_tags("") == {}
