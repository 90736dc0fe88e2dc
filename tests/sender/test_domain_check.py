"""Looking a sender domain up, at a name server that answers real packets."""

import base64
import json
from collections.abc import Mapping, Sequence

import pytest

from dakiya.db import SessionFactory, database_now
from dakiya.domains.records import Findings, Verdict, judge
from dakiya.domains.register import find_check, request_check
from dakiya.smtp_accounts.providers import find_provider
from dakiya_sender import domain_check
from dakiya_sender.domain_check import check_domain, look_up, make_resolver
from tests.sender.name_server import NameServer

KEY = base64.b64encode(bytes(294)).decode()
ZONE: Mapping[str, Sequence[str]] = {
    "shop.example": ["v=spf1 include:spf.wrap.example mx ~all", "some-verification=1"],
    "spf.wrap.example": ["v=spf1 include:_spf.google.com a:x.example -all"],
    "_spf.google.com": ["v=spf1 include:_netblocks.google.com ~all"],
    "_netblocks.google.com": ["v=spf1 ip4:192.0.2.0/24 ~all"],
    "google._domainkey.shop.example": [f"v=DKIM1; k=rsa; p={KEY}"],
    "s1._domainkey.shop.example": ["not a key"],
    "_dmarc.shop.example": ["v=DMARC1; p=none; rua=mailto:d@shop.example"],
    "mail.shop.example": ["v=spf1 -all"],
    "bare.example": [],
    "loop.example": ["v=spf1 include:loop.example include:loop2.example -all"],
    "loop2.example": ["v=spf1 include:loop.example -all"],
}


def ask(domain: str, *, silent: Sequence[str] = ()) -> Findings:
    with NameServer(ZONE, silent=silent) as server:
        return look_up(make_resolver(server.address), domain)


def test_records_of_a_domain_are_found_with_what_they_include() -> None:
    found = ask("shop.example")
    assert found.spf == ["v=spf1 include:spf.wrap.example mx ~all"]
    assert list(found.spf_includes) == [
        "spf.wrap.example",
        "_spf.google.com",
        "_netblocks.google.com",
    ]
    assert found.spf_lookups == 5
    assert found.dkim == {"google": f"v=DKIM1; k=rsa; p={KEY}"}  # longer than one string
    assert (list(found.dmarc), found.dmarc_at) == ([ZONE["_dmarc.shop.example"][0]], "shop.example")
    assert found.unanswered == []
    judged = judge(found, domain="shop.example", provider=find_provider("workspace"))
    assert [one.verdict for one in judged] == ["spf_fine", "dkim_fine", "dmarc_watches"]


def test_subdomain_has_the_policy_of_the_domain_above_it() -> None:
    found = ask("mail.shop.example")
    assert found.dmarc_at == "shop.example"
    assert found.spf == ["v=spf1 -all"]


def test_domain_without_records_is_told_from_one_that_does_not_exist() -> None:
    bare = ask("bare.example")
    assert (bare.exists, bare.spf, bare.dkim, bare.dmarc) == (True, [], {}, ())
    assert not ask("nowhere.example").exists


def test_record_that_includes_itself_ends() -> None:
    found = ask("loop.example")
    assert 2 <= found.spf_lookups <= 11


FIRM: Mapping[str, Sequence[str]] = {
    "firm.example": [
        "v=spf1 a:out.firm.example mx:other.example/28 include:partner.example -all",
        "MX 10 mx1.firm.example.",
    ],
    "out.firm.example": ["A 93.184.216.34", "AAAA 2606:2800:220:1::1"],
    "other.example": ["MX 10 in.other.example."],
    "in.other.example": ["A 93.184.217.1"],
    "partner.example": ["v=spf1 -ip4:93.184.218.9 ip4:93.184.218.0/24 ?all"],
    "vague.example": ["v=spf1 exists:%{i}.vague.example include:silent.example -all"],
    "moved.example": ["v=spf1 redirect=partner.example"],
    "closed.example": ["v=spf1 -all", "MX 0 ."],
    "mail.firm.example": ["A 93.184.216.99", "AAAA 2606:2800:220:1::99"],
}


@pytest.mark.parametrize(
    ("domain", "server", "wanted"),
    [
        ("firm.example", "93.184.216.34", "spf_fine"),
        ("firm.example", "2606:2800:220:1::1", "spf_fine"),
        ("firm.example", "93.184.217.15", "spf_fine"),
        ("firm.example", "93.184.217.16", "spf_lacks_server"),
        ("firm.example", "93.184.218.7", "spf_fine"),
        ("firm.example", "93.184.218.9", "spf_lacks_server"),  # the partner says no to it
        ("firm.example", "93.184.216.99", "spf_lacks_server"),
        ("firm.example", "10.0.0.7", "spf_fine"),  # nobody outside ever sees it
        ("moved.example", "93.184.218.7", "spf_fine"),
        ("moved.example", "93.184.219.7", "spf_lacks_server"),
        ("closed.example", "93.184.216.34", "spf_lacks_server"),
        ("vague.example", "93.184.216.34", "spf_fine"),  # only a receiver can tell
    ],
)
def test_record_is_evaluated_for_the_address_of_an_own_server(
    domain: str, server: str, wanted: str
) -> None:
    with NameServer(FIRM) as names:
        found = look_up(make_resolver(names.address), domain)
    stored = Findings.read(json.loads(json.dumps(found.as_json())))
    judged = judge(stored, domain=domain, provider=None, addresses=[server])
    assert judged[0].verdict == wanted
    assert judge(stored, domain=domain, provider=None)[0].verdict == "spf_fine"


def test_mail_servers_and_addresses_of_a_name_are_found() -> None:
    with NameServer(FIRM) as names:
        resolver = make_resolver(names.address)
        firm = look_up(resolver, "firm.example")
        server = look_up(resolver, "mail.firm.example")
        closed = look_up(resolver, "closed.example")
    assert (firm.mx, firm.addresses) == (["mx1.firm.example"], [])
    assert server.addresses == ["93.184.216.99", "2606:2800:220:1::99"]
    assert closed.mx == []


def test_walk_of_a_record_ends_after_ten_lookups() -> None:
    zone = {
        f"{n}.deep.example": [f"v=spf1 a:x{n}.example include:{n + 1}.deep.example -all"]
        for n in range(40)
    }
    with NameServer(zone) as names:
        found = look_up(make_resolver(names.address), "0.deep.example")
    assert 10 < found.spf_lookups <= 13
    assert len([name for name in names.asked if name.endswith(".deep.example")]) < 60
    judged = judge(found, domain="0.deep.example", provider=None, addresses=["93.184.216.34"])
    assert judged[0].verdict is Verdict.SPF_TOO_DEEP


def test_name_server_that_is_silent_is_not_asked_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(domain_check, "ANSWER_WITHIN_S", 0.3)
    found = ask("shop.example", silent=["_domainkey.shop.example"])
    assert list(found.unanswered) == ["dkim"]
    judged = judge(found, domain="shop.example", provider=None)
    assert judged[1].verdict is Verdict.UNANSWERED


def test_record_that_names_many_silent_hosts_holds_a_thread_only_so_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(domain_check, "ANSWER_WITHIN_S", 0.4)
    monkeypatch.setattr(domain_check, "ALL_WITHIN_S", 1.0)
    hosts = [f"h{n}.silent.example" for n in range(9)]
    zone = {"wide.example": [f"v=spf1 {' '.join(f'a:{host}' for host in hosts)} -all"]}
    with NameServer(zone, silent=["silent.example"]) as names:
        found = look_up(make_resolver(names.address), "wide.example")
    assert found.spf_lookups == 9
    assert 1 <= len({name for name in names.asked if name in hosts}) <= 3
    assert list(found.unanswered) == ["dkim", "dmarc"]
    judged = judge(found, domain="wide.example", provider=None, addresses=["93.184.216.34"])
    assert [one.verdict for one in judged] == [
        Verdict.SPF_FINE,  # no term of it is known to say no
        Verdict.UNANSWERED,
        Verdict.UNANSWERED,
    ]


def test_look_up_is_made_once_and_kept(session_factory: SessionFactory) -> None:
    with session_factory.begin() as session:
        now = database_now(session)
        check_id = request_check(session, "shop.example", now=now, again=False)
        assert check_id is not None
        assert request_check(session, "shop.example", now=now, again=True) is None
    with NameServer(ZONE) as server:
        for _ in range(2):
            check_domain(session_factory, make_resolver(server.address), check_id)
        assert server.asked.count("_dmarc.shop.example") == 1
    with session_factory() as session:
        check = find_check(session, "shop.example")
        assert check is not None
        assert check.findings is not None
        assert Findings.read(check.findings).dmarc_at == "shop.example"


@pytest.mark.parametrize("servers", ["", "192.0.2.1", "192.0.2.1:5353, 192.0.2.2"])
def test_name_servers_can_be_chosen(servers: str) -> None:
    resolver = make_resolver(servers)
    if servers:
        assert resolver.nameservers[0] == "192.0.2.1"
        assert resolver.nameserver_ports == ({"192.0.2.1": 5353} if ":" in servers else {})
