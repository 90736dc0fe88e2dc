"""SMTP accounts by API: list, add, show, change, delete and test."""

from collections.abc import Mapping
from typing import Any

from flask import jsonify, request, url_for
from flask.typing import ResponseReturnValue

from dakiya.delivery.limits import slowed
from dakiya.delivery.used_before import sent_elsewhere, set_sent_elsewhere
from dakiya.errors import NotFound
from dakiya.models import SmtpAccount, SmtpTest
from dakiya.smtp_accounts import accounts, trust
from dakiya.smtp_accounts.mailboxes import is_used_elsewhere, same_mailbox
from dakiya.smtp_accounts.notices import latest_notice
from dakiya.smtp_accounts.providers import PROVIDERS, Provider
from dakiya_web.api.blueprint import api, asking, json_body
from dakiya_web.api.present import instant
from dakiya_web.input.reader import FieldReader, InvalidFields
from dakiya_web.input.smtp_account import PACES, read_account, read_sent_elsewhere, read_test
from dakiya_web.pages.smtp_accounts.domain import SeenDomain, ask_for_domain, look_at_domain
from dakiya_web.pages.smtp_accounts.remedies import remedy
from dakiya_web.pages.smtp_accounts.suggesting import suggest
from dakiya_web.pages.smtp_accounts.wording import cautions
from dakiya_web.ring import ring
from dakiya_web.wiring import request_session, wiring


@api.get("/smtp-accounts")
def list_smtp_accounts() -> ResponseReturnValue:
    """All accounts of the user."""
    session = request_session()
    found = accounts.list_accounts(session, user_id=asking().user_id)
    return jsonify(items=[_present(account) for account in found])


@api.post("/smtp-accounts")
def create_smtp_account() -> ResponseReturnValue:
    """Add an account; the password never comes back."""
    session, wired = request_session(), wiring()
    sent = read_account(json_body(), egress=wired.egress)
    account = accounts.create_account(
        session,
        sent.values,
        workspace_id=asking().workspace_id,
        password=sent.password,
        box=wired.box,
    )
    session.commit()
    ask_for_domain(account)
    place = url_for("api.show_smtp_account", account_id=account.id)
    return jsonify(_present(account)), 201, {"Location": place}


@api.get("/smtp-accounts/<id:account_id>")
def show_smtp_account(account_id: int) -> ResponseReturnValue:
    """One account, with its last test."""
    session = request_session()
    account = accounts.find_account(session, account_id, user_id=asking().user_id)
    return jsonify(_present(account) | {"test": _present_test(account, session_test(account))})


@api.patch("/smtp-accounts/<id:account_id>")
def change_smtp_account(account_id: int) -> ResponseReturnValue:
    """Change some fields; what is not sent stays."""
    session, wired = request_session(), wiring()
    body = json_body()
    account = accounts.find_account(session, account_id, user_id=asking().user_id, lock=True)
    sent = read_account(
        _overlay(account, body),
        egress=wired.egress,
        has_password=account.password_encrypted is not None,
    )
    accounts.change_account(session, account, sent.values, password=sent.password, box=wired.box)
    session.commit()
    ring(lambda doorbell: doorbell.ring_tick())
    ask_for_domain(account)
    return jsonify(_present(account) | {"test": _present_test(account, session_test(account))})


@api.delete("/smtp-accounts/<id:account_id>")
def delete_smtp_account(account_id: int) -> ResponseReturnValue:
    """Delete an account that no running campaign needs."""
    session = request_session()
    account = accounts.find_account(session, account_id, user_id=asking().user_id, lock=True)
    accounts.delete_account(session, account, now=wiring().clock())
    session.commit()
    return "", 204


@api.post("/smtp-accounts/<id:account_id>/test")
def test_smtp_account(account_id: int) -> ResponseReturnValue:
    """Have a sender walk through the account's steps and send one mail."""
    session = request_session()
    to_email = read_test(json_body())
    account = accounts.find_account(session, account_id, user_id=asking().user_id, lock=True)
    test = accounts.request_test(session, account, to_email, now=wiring().clock())
    session.commit()
    ring(lambda doorbell: doorbell.ring_smtp_test(test.id))
    place = url_for("api.show_smtp_account", account_id=account.id)
    return jsonify(id=test.id, status=test.status), 202, {"Location": place}


@api.get("/smtp-accounts/<id:account_id>/test")
def show_smtp_test(account_id: int) -> ResponseReturnValue:
    """The account's last test: its steps so far and how it ended."""
    account = accounts.find_account(request_session(), account_id, user_id=asking().user_id)
    test = session_test(account)
    if test is None:
        raise NotFound("This account has not been tested yet.")
    return jsonify(_present_test(account, test))


@api.get("/smtp-providers")
def list_smtp_providers() -> ResponseReturnValue:
    """The known servers; ``suggested`` names the one of an address, or of its domain's mail."""
    found = suggest(request.args.get("address", "")[:320])
    return jsonify(
        items=[_present_provider(provider) for provider in PROVIDERS],
        suggested=found.provider.name if found.provider is not None else None,
        is_being_looked_up=found.runs,
    )


@api.get("/smtp-accounts/<id:account_id>/domain")
def show_sender_domain(account_id: int) -> ResponseReturnValue:
    """What the name servers say of the domain that the account's mail comes from."""
    account = accounts.find_account(request_session(), account_id, user_id=asking().user_id)
    return jsonify(_present_domain(look_at_domain(account)))


@api.post("/smtp-accounts/<id:account_id>/domain")
def check_sender_domain(account_id: int) -> ResponseReturnValue:
    """Have a sender look the domain up now."""
    account = accounts.find_account(request_session(), account_id, user_id=asking().user_id)
    ask_for_domain(account, again=True)
    place = url_for("api.show_sender_domain", account_id=account.id)
    return jsonify(_present_domain(look_at_domain(account))), 202, {"Location": place}


@api.put("/smtp-accounts/<id:account_id>/default")
def choose_default_smtp_account(account_id: int) -> ResponseReturnValue:
    """Let new campaigns begin with this account."""
    session = request_session()
    account = accounts.find_account(session, account_id, user_id=asking().user_id)
    accounts.make_default(session, account)
    session.commit()
    return jsonify(_present(account))


@api.put("/smtp-accounts/<id:account_id>/sent-elsewhere")
def tell_sent_elsewhere(account_id: int) -> ResponseReturnValue:
    """Count mails that went through the server by other means today."""
    session = request_session()
    mails = read_sent_elsewhere(json_body())
    account = accounts.find_account(session, account_id, user_id=asking().user_id, lock=True)
    set_sent_elsewhere(session, account, mails)
    session.commit()
    ring(lambda doorbell: doorbell.ring_tick())
    return jsonify(_present(account))


@api.put("/smtp-accounts/<id:account_id>/certificate")
def trust_certificate(account_id: int) -> ResponseReturnValue:
    """Trust the certificate that the last test showed; its fingerprint says that it was seen."""
    session = request_session()
    reader = FieldReader(json_body())
    fingerprint = reader.line("sha256", max_chars=100)
    reader.finish()
    account = accounts.find_account(session, account_id, user_id=asking().user_id, lock=True)
    trust.trust_certificate(session, account, fingerprint)
    session.commit()
    ring(lambda doorbell: doorbell.ring_tick())
    return jsonify(_present(account))


@api.delete("/smtp-accounts/<id:account_id>/certificate")
def distrust_certificate(account_id: int) -> ResponseReturnValue:
    """Trust only what a known authority vouches for."""
    session = request_session()
    account = accounts.find_account(session, account_id, user_id=asking().user_id, lock=True)
    trust.trust_nobody(account)
    session.commit()
    return "", 204


def session_test(account: SmtpAccount) -> SmtpTest | None:
    """Return the account's last test."""
    return accounts.latest_test(request_session(), account)


def _overlay(account: SmtpAccount, body: Mapping[str, object]) -> dict[str, object]:
    """Lay what was sent over what is stored, as if the whole account had been sent."""
    stored = _present(account)
    editable = {name: stored[name] for name in _EDITABLE}
    limits = body.get("limits", {})
    if not isinstance(limits, dict):
        raise InvalidFields({"limits": ["must be an object: {...}."]})
    stored_limits = stored["limits"]
    assert isinstance(stored_limits, dict)  # noqa: S101 - _present made it
    return {**editable, **body, "limits": {**stored_limits, **limits}}


_EDITABLE = ("name", "host", "port", "security", "username", "from_email", "from_name")


def _present(account: SmtpAccount) -> dict[str, object]:
    session = request_session()
    elsewhere = sent_elsewhere(session, account, now=wiring().clock())
    return {
        "id": account.id,
        "name": account.name,
        "host": account.host,
        "port": account.port,
        "security": account.security,
        "username": account.username,
        "has_password": account.password_encrypted is not None,
        "from_email": account.from_email,
        "from_name": account.from_name,
        "limits": {
            "per_second": account.per_second,
            "per_minute": account.per_minute,
            "per_hour": account.per_hour,
            "per_day": account.per_day,
            "connections": account.connections,
            "mails_per_connection": account.mails_per_connection,
        },
        "paused": {
            "since": instant(account.trouble_since or account.paused_at),
            "until": instant(account.paused_until),
            "reason": account.pause_reason,
            "detail": account.pause_detail,
            "mail": notice.status
            if (notice := latest_notice(request_session(), account))
            else None,
        }
        if account.paused_at is not None
        else None,
        "is_default": account.is_default,
        "sent_elsewhere": elsewhere.mails if elsewhere is not None else 0,
        "shares_limits_with": [other.id for other in same_mailbox(session, account)],
        "is_used_elsewhere": is_used_elsewhere(session, account),
        "slowed": _present_slowed(account),
        "certificate_sha256": account.certificate_sha256,
        "server": account.server_facts,
        "warnings": list(cautions(account)),
        "created_at": instant(account.created_at),
    }


def _present_domain(seen: SeenDomain) -> dict[str, object]:
    return {
        "domain": seen.name,
        "checked_at": instant(seen.checked_at),
        "is_being_looked_up": seen.runs,
        "records": [
            {
                "kind": one.judged.kind,
                "verdict": one.judged.verdict,
                "record": one.judged.record or None,
                "advice": one.advice,
            }
            for one in seen.records
        ],
    }


def _present_provider(provider: Provider) -> dict[str, object]:
    limits = (*PACES, "connections", "mails_per_connection")
    return {
        "name": provider.name,
        "label": provider.label,
        "host": provider.host,
        "port": provider.port,
        "security": provider.security,
        "username": provider.username or None,
        "help_url": provider.help_url,
        "regions": [{"label": label, "host": host} for host, label in provider.regions.items()],
        "limits": {name: getattr(provider, name) for name in limits},
    }


def _present_slowed(account: SmtpAccount) -> dict[str, object] | None:
    learned = slowed(request_session(), account)
    per_minute = learned.pace(wiring().clock()) if learned is not None else None
    if learned is None or per_minute is None:
        return None
    return {
        "per_minute": per_minute,
        "since": instant(learned.at),
        "until": instant(learned.over_at),
    }


def _present_step(account: SmtpAccount, step: Mapping[str, Any]) -> dict[str, object]:
    advice = remedy(account, step)
    return {**step, "advice": advice} if advice else dict(step)


def _present_test(account: SmtpAccount, test: SmtpTest | None) -> dict[str, object] | None:
    if test is None:
        return None
    return {
        "id": test.id,
        "to": test.to_email,
        "status": test.status,
        "steps": [_present_step(account, step) for step in test.steps],
        "dialogue": [{"who": who, "words": words} for who, words in test.dialogue],
        "created_at": instant(test.created_at),
        "finished_at": instant(test.finished_at),
    }
