"""What a sender domain's records mean for its owner, and what to do. Pure."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Final

from dakiya.domains.records import Judged, Verdict
from dakiya.smtp_accounts.providers import Provider
from dakiya_web.texts import Text, gettext, lazy_gettext

KINDS: Final[Mapping[str, Text]] = {
    "domain": lazy_gettext("Domain"),
    "spf": lazy_gettext("SPF: who may send"),
    "dkim": lazy_gettext("DKIM: the signature"),
    "dmarc": lazy_gettext("DMARC: what receivers do with the rest"),
}
TITLES: Final[Mapping[Verdict, Text]] = {
    Verdict.UNANSWERED: lazy_gettext("No answer"),
    Verdict.NO_DOMAIN: lazy_gettext("There is no such domain"),
    Verdict.FOREIGN: lazy_gettext("A provider's domain, through another server"),
    Verdict.SPF_FINE: lazy_gettext("Fine"),
    Verdict.SPF_MISSING: lazy_gettext("Missing"),
    Verdict.SPF_SEVERAL: lazy_gettext("Several, so none counts"),
    Verdict.SPF_ANYBODY: lazy_gettext("Lets anybody send"),
    Verdict.SPF_TOO_DEEP: lazy_gettext("Too many look-ups"),
    Verdict.SPF_LACKS_PROVIDER: lazy_gettext("Does not name your provider"),
    Verdict.SPF_LACKS_SERVER: lazy_gettext("Does not name your server"),
    Verdict.SPF_OPEN_END: lazy_gettext("Has no end"),
    Verdict.DKIM_FINE: lazy_gettext("Fine"),
    Verdict.DKIM_NOT_FOUND: lazy_gettext("Not found"),
    Verdict.DKIM_REVOKED: lazy_gettext("Revoked"),
    Verdict.DKIM_WEAK: lazy_gettext("A short key"),
    Verdict.DMARC_FINE: lazy_gettext("Fine"),
    Verdict.DMARC_WATCHES: lazy_gettext("Enough, but protects nobody"),
    Verdict.DMARC_MISSING: lazy_gettext("Missing"),
    Verdict.DMARC_SEVERAL: lazy_gettext("Several, so none counts"),
    Verdict.DMARC_BROKEN: lazy_gettext("Cannot be read"),
}
_ADVICE: Final[Mapping[Verdict, Text]] = {
    Verdict.UNANSWERED: lazy_gettext("The domain's name servers did not answer. Look again later."),
    Verdict.NO_DOMAIN: lazy_gettext(
        "Nobody can answer, and most receivers refuse such mail. Check the “from” address."
    ),
    Verdict.FOREIGN: lazy_gettext(
        "Only the provider's own servers sign mail from its addresses. Receivers refuse or hide "
        "the rest: send from a domain of your own, or connect that provider's server."
    ),
    Verdict.SPF_FINE: lazy_gettext("It says which servers may send for the domain."),
    Verdict.SPF_SEVERAL: lazy_gettext(
        "A domain may have one SPF record. Put what they say into a single one."
    ),
    Verdict.SPF_ANYBODY: lazy_gettext(
        "“+all” lets every machine in the world send in your name. End it with “~all”."
    ),
    Verdict.SPF_TOO_DEEP: lazy_gettext(
        "Receivers give up after 10 look-ups, and then the record does not count. Take out what "
        "you no longer use."
    ),
    Verdict.SPF_OPEN_END: lazy_gettext(
        "It names servers but says nothing about all others. End it with “~all”."
    ),
    Verdict.DKIM_FINE: lazy_gettext("Receivers can check that mails were signed for the domain."),
    Verdict.DKIM_NOT_FOUND: lazy_gettext(
        "No key is there under the names that are usual. Each provider chooses its own name, so "
        "there may be one all the same: your provider's help says how DKIM is switched on."
    ),
    Verdict.DKIM_REVOKED: lazy_gettext(
        "The record holds no key any more: signatures fail. Have your provider make a new one."
    ),
    Verdict.DKIM_WEAK: lazy_gettext(
        "The key has less than 2,048 bits. It works, but have your provider make a longer one."
    ),
    Verdict.DMARC_FINE: lazy_gettext("Receivers turn away what others send in the domain's name."),
    Verdict.DMARC_WATCHES: lazy_gettext(
        "“p=none” is what the large receivers ask of bulk senders at least. Once SPF and DKIM are "
        "right for all your mail, “p=quarantine” also protects your name."
    ),
    Verdict.DMARC_SEVERAL: lazy_gettext("A domain may have one DMARC record. Keep one of them."),
    Verdict.DMARC_BROKEN: lazy_gettext(
        "It names no policy that receivers know. Write “p=none”, “p=quarantine” or “p=reject”."
    ),
}


def advice(
    judged: Judged, *, domain: str, provider: Provider | None, addresses: Sequence[str] = ()
) -> str:
    """Say what one kind of record means and what to do; ``addresses`` are its own server's."""
    machines = [_mechanism(one) for one in addresses if ip_address(one).is_global]
    match judged.verdict:
        case Verdict.SPF_MISSING:
            names = [f"include:{name}" for name in provider.spf[:1]] if provider else []
            if not names:
                names = ["mx", *machines] if machines and not provider else ["a", "mx"]
            return gettext(
                "Receivers cannot tell your server from a forger's. Add a TXT record for "
                "%(domain)s: %(record)s",
                domain=domain,
                record=" ".join(["v=spf1", *names, "~all"]),
            )
        case Verdict.SPF_LACKS_PROVIDER if provider is not None:
            return gettext(
                "Your mail goes through %(provider)s, but the record does not say that it may. Add "
                "“include:%(name)s” before its end.",
                provider=provider.label,
                name=provider.spf[0],
            )
        case Verdict.SPF_LACKS_SERVER:
            return gettext(
                "Your mail goes through %(addresses)s, which the record does not let send. Add "
                "“%(mechanisms)s” before its end, or, where your server hands its mail on to "
                "another one, what that one's provider asks for.",
                addresses=", ".join(one for one in addresses if ip_address(one).is_global),
                mechanisms=" ".join(machines),
            )
        case Verdict.DMARC_MISSING:
            return gettext(
                "Gmail, Yahoo and Microsoft want one from everybody who sends in bulk. Add a TXT "
                "record for _dmarc.%(domain)s: %(record)s",
                domain=domain,
                record="v=DMARC1; p=none",
            )
    return str(_ADVICE[judged.verdict])


def _mechanism(address: str) -> str:
    """Write an address as an SPF record does."""
    return f"ip{ip_address(address).version}:{address}"
