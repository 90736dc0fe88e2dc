"""Where the installation may connect to."""

import ipaddress
import socket
from typing import Any

import pytest

from dakiya.smtp_accounts.egress import EgressRefused, EgressRule, NameNotFound, is_public

NOBODY = EgressRule.parse("")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.5.5", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255", "192.0.2.1",
        "::1", "::", "fe80::1", "fc00::1", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1",
        "2002:7f00:1::", "2002:a00:1::",
        "192.0.0.192", "168.63.129.16", "::127.0.0.1", "::ffff:0:127.0.0.1",
        "64:ff9b:1::7f00:1", "fec0::1",
    ],
)  # fmt: skip
def test_internal_address_is_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    with pytest.raises(EgressRefused, match="DAKIYA_ALLOWED_INTERNAL_HOSTS"):
        NOBODY.check_literal(address, 587)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_address_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
    NOBODY.check_literal(address, 587)


@pytest.mark.parametrize("port", [1, 22, 80, 443, 3306, 5432, 6379, 8025, 11211])
def test_port_of_another_service_is_refused(port: int) -> None:
    with pytest.raises(EgressRefused, match="not allowed"):
        NOBODY.check_literal("smtp.example.com", port)


@pytest.mark.parametrize("port", [25, 465, 587, 2465, 2525, 2587])
def test_port_of_mail_is_allowed(port: int) -> None:
    NOBODY.check_literal("smtp.example.com", port)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "inbox.localhost"])
def test_localhost_is_refused_by_name(host: str) -> None:
    with pytest.raises(EgressRefused):
        NOBODY.check_literal(host, 587)


def test_operator_lifts_a_host_or_one_port_of_it() -> None:
    rule = EgressRule.parse(" 127.0.0.1:1025, Relay.Internal ,")
    rule.check_literal("127.0.0.1", 1025)
    rule.check_literal("relay.internal", 24)
    with pytest.raises(EgressRefused):
        rule.check_literal("127.0.0.1", 1026)
    with pytest.raises(EgressRefused):
        rule.check_literal("127.0.0.2", 1025)


def answering(*addresses: str) -> Any:
    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses]

    return getaddrinfo


def test_name_with_one_internal_address_among_public_ones_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", answering("8.8.8.8", "127.0.0.1"))
    with pytest.raises(EgressRefused):
        NOBODY.resolve("rebinding.example.com", 587)
    assert EgressRule.parse("rebinding.example.com").resolve("rebinding.example.com", 587) == (
        "8.8.8.8",
        "127.0.0.1",
    )


def test_name_is_resolved_once_to_the_addresses_to_connect_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", answering("8.8.8.8", "8.8.4.4", "8.8.8.8"))
    assert NOBODY.resolve("smtp.example.com", 587) == ("8.8.8.8", "8.8.4.4")


@pytest.mark.parametrize("host", ["no-such-name.invalid", "x" * 300, "a..b"])
def test_name_without_an_address_is_told_apart(host: str) -> None:
    with pytest.raises(NameNotFound):
        NOBODY.resolve(host, 587)
