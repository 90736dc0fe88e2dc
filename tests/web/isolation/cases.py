"""Who may call which route: the table that the walks of this folder follow.

A route without a line in `CASES` fails `test_every_route_has_a_case`: add one that names an
id of alice's, and the walks do the rest.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from typing import Any

from tests.web.conftest import account_body, account_form, campaign_body


class Kind(StrEnum):
    """Who may call a route."""

    PUBLIC = "public"  # anybody
    LINK = "link"  # whoever holds the signed link
    TOKEN = "token"  # anybody with an API token; shows or makes only their own
    TOKEN_OWNER = "token owner"  # only the owner of the id in the path
    LOGGED_IN = "logged in"  # a page; shows only their own
    PAGE_OWNER = "page owner"  # a page of the owner of the id in the path; bodies are forms


@dataclass(frozen=True)
class World:
    """What alice owns; names are those of the routes' arguments."""

    ids: dict[str, Any]
    running_campaign_id: int


@dataclass(frozen=True)
class Case:
    """How a route is called. ``body`` must be one that its owner would succeed with."""

    kind: Kind
    body: Callable[[World], Any] | None = None
    # The campaign in the state that the route wants, and what the owner then gets.
    running: bool = False
    owner_status: int = 200


CASES: dict[tuple[str, str], Case] = {
    ("static", "GET"): Case(Kind.PUBLIC),
    ("people.signup", "GET"): Case(Kind.PUBLIC),
    ("people.signup", "POST"): Case(Kind.PUBLIC, owner_status=400),  # no CSRF token
    ("people.login", "GET"): Case(Kind.PUBLIC),
    ("people.login", "POST"): Case(Kind.PUBLIC, owner_status=400),
    ("passwords.forgot", "GET"): Case(Kind.PUBLIC),
    ("passwords.forgot", "POST"): Case(Kind.PUBLIC, owner_status=400),
    ("passwords.reset", "GET"): Case(Kind.PUBLIC, owner_status=404),  # a link of nobody
    ("passwords.reset", "POST"): Case(Kind.PUBLIC, owner_status=400),
    ("people.logout", "POST"): Case(Kind.LOGGED_IN, owner_status=303),
    ("dashboard.index", "GET"): Case(Kind.LOGGED_IN),
    ("campaigns.index", "GET"): Case(Kind.LOGGED_IN),
    ("campaigns.progress_of_many", "GET"): Case(Kind.LOGGED_IN),
    ("campaigns.show", "GET"): Case(Kind.PAGE_OWNER),
    ("campaigns.progress", "GET"): Case(Kind.PAGE_OWNER),
    ("campaigns.emails", "GET"): Case(Kind.PAGE_OWNER),
    ("campaigns.email", "GET"): Case(Kind.PAGE_OWNER),
    ("campaigns.export_csv", "GET"): Case(Kind.PAGE_OWNER),
    ("campaigns.export_xlsx", "GET"): Case(Kind.PAGE_OWNER),
    ("campaigns.pause", "POST"): Case(Kind.PAGE_OWNER, running=True, owner_status=303),
    ("campaigns.resume", "POST"): Case(Kind.PAGE_OWNER, running=True, owner_status=303),
    ("campaigns.ask_cancel", "GET"): Case(Kind.PAGE_OWNER, running=True),
    ("campaigns.cancel", "POST"): Case(Kind.PAGE_OWNER, running=True, owner_status=303),
    ("campaigns.unschedule", "POST"): Case(Kind.PAGE_OWNER, running=True, owner_status=303),
    ("campaigns.retry_failed", "POST"): Case(Kind.PAGE_OWNER, running=True, owner_status=303),
    ("campaigns.ask_unknown", "GET"): Case(Kind.PAGE_OWNER, running=True),
    ("campaigns.resolve_unknown", "POST"): Case(Kind.PAGE_OWNER, running=True, owner_status=303),
    ("smtp_accounts.index", "GET"): Case(Kind.LOGGED_IN),
    ("smtp_accounts.create", "GET"): Case(Kind.LOGGED_IN),
    ("smtp_accounts.create", "POST"): Case(Kind.LOGGED_IN),
    ("smtp_accounts.show_suggestion", "GET"): Case(Kind.LOGGED_IN),
    ("smtp_accounts.show_server", "GET"): Case(Kind.LOGGED_IN),
    ("smtp_accounts.show", "GET"): Case(Kind.PAGE_OWNER),
    ("smtp_accounts.edit", "GET"): Case(Kind.PAGE_OWNER),
    ("smtp_accounts.edit", "POST"): Case(
        Kind.PAGE_OWNER, lambda _: account_form(), owner_status=303
    ),
    ("smtp_accounts.start_test", "POST"): Case(
        Kind.PAGE_OWNER, lambda _: {"to": "someone@example.com"}, owner_status=303
    ),
    ("smtp_accounts.show_test", "GET"): Case(Kind.PAGE_OWNER, owner_status=302),
    ("smtp_accounts.ask_trust", "GET"): Case(Kind.PAGE_OWNER, owner_status=404),  # none shown
    ("smtp_accounts.trust", "POST"): Case(
        Kind.PAGE_OWNER, lambda _: {"fingerprint": "ab"}, owner_status=303
    ),
    ("smtp_accounts.distrust", "POST"): Case(Kind.PAGE_OWNER, owner_status=303),
    ("smtp_accounts.show_domain", "GET"): Case(Kind.PAGE_OWNER, owner_status=302),
    ("smtp_accounts.look_again", "POST"): Case(Kind.PAGE_OWNER, owner_status=303),
    ("smtp_accounts.choose_default", "POST"): Case(Kind.PAGE_OWNER, owner_status=303),
    ("smtp_accounts.tell_sent_elsewhere", "POST"): Case(
        Kind.PAGE_OWNER, lambda _: {"mails": "5"}, owner_status=303
    ),
    ("smtp_accounts.ask_delete", "GET"): Case(Kind.PAGE_OWNER),
    ("smtp_accounts.delete", "POST"): Case(Kind.PAGE_OWNER, owner_status=303),
    ("compose.new", "GET"): Case(Kind.LOGGED_IN),
    ("compose.new", "POST"): Case(Kind.LOGGED_IN),
    ("compose.time_in_words", "GET"): Case(Kind.LOGGED_IN),
    ("compose.edit", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.edit", "POST"): Case(Kind.PAGE_OWNER, lambda _: {"name": ""}, owner_status=422),
    ("compose.recipients", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.paste", "POST"): Case(
        Kind.PAGE_OWNER, lambda _: {"pasted": "new@example.org"}, owner_status=303
    ),
    ("compose.upload", "POST"): Case(
        Kind.PAGE_OWNER,
        lambda _: {"file": (BytesIO(b"email\ny@example.com\n"), "l.csv")},
        owner_status=303,
    ),
    ("compose.remove_recipients", "GET"): Case(Kind.PAGE_OWNER),
    # An import is still queued.
    ("compose.remove_recipients", "POST"): Case(Kind.PAGE_OWNER, owner_status=409),
    ("compose.show_import", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.import_progress", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.rejected_rows", "GET"): Case(Kind.PAGE_OWNER),
    # It does not wait for its columns: back to its page.
    ("compose.choose_columns", "POST"): Case(
        Kind.PAGE_OWNER, lambda _: {"role-0": "email"}, owner_status=303
    ),
    ("compose.stop_import", "POST"): Case(Kind.PAGE_OWNER, owner_status=303),
    ("compose.content", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.save_content", "POST"): Case(
        Kind.PAGE_OWNER, lambda _: {"subject": "Hello"}, owner_status=422
    ),
    ("compose.keep_content", "POST"): Case(
        Kind.PAGE_OWNER, lambda _: {"subject": "Hello"}, owner_status=422
    ),
    ("compose.text_part", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.versions", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.version", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.version_preview", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.restore_version", "POST"): Case(Kind.PAGE_OWNER, owner_status=303),
    ("compose.preview", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.preview_frame", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.mail", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.send_test", "POST"): Case(
        Kind.PAGE_OWNER, lambda _: {"to": "me@example.com"}, owner_status=303
    ),
    ("compose.test_progress", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.schedule", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.review", "GET"): Case(Kind.PAGE_OWNER, owner_status=422),
    ("compose.review_checks", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.confirm", "POST"): Case(Kind.PAGE_OWNER, lambda _: {"at": "now"}, owner_status=422),
    ("compose.scheduled", "GET"): Case(Kind.PAGE_OWNER, running=True),
    ("compose.duplicate", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.duplicate", "POST"): Case(Kind.PAGE_OWNER, owner_status=303),
    ("compose.ask_convert", "GET"): Case(Kind.PAGE_OWNER),
    ("compose.convert", "POST"): Case(Kind.PAGE_OWNER, owner_status=303),
    ("compose.delete", "GET"): Case(Kind.PAGE_OWNER, running=True),
    ("compose.delete", "POST"): Case(Kind.PAGE_OWNER, running=True, owner_status=409),
    ("templates.index", "GET"): Case(Kind.LOGGED_IN),
    ("templates.picture", "GET"): Case(Kind.PUBLIC),
    ("templates.starter", "GET"): Case(Kind.LOGGED_IN),
    ("templates.starter_preview", "GET"): Case(Kind.LOGGED_IN),
    ("templates.use_starter", "POST"): Case(Kind.LOGGED_IN),
    ("templates.copy_starter", "POST"): Case(Kind.LOGGED_IN),
    ("templates.take_in", "GET"): Case(Kind.LOGGED_IN),
    ("templates.take_in", "POST"): Case(Kind.LOGGED_IN),
    ("templates.save_campaign", "GET"): Case(Kind.PAGE_OWNER),
    ("templates.save_campaign", "POST"): Case(
        Kind.PAGE_OWNER, lambda _: {"name": "Diwali offer", "replace": ""}, owner_status=303
    ),
    ("templates.show", "GET"): Case(Kind.PAGE_OWNER),
    ("templates.change", "POST"): Case(
        Kind.PAGE_OWNER, lambda _: {"name": "Diwali offer", "subject": "Hello"}, owner_status=303
    ),
    ("templates.preview", "GET"): Case(Kind.PAGE_OWNER),
    ("templates.edit", "GET"): Case(Kind.PAGE_OWNER),
    ("templates.save_mail", "POST"): Case(
        Kind.PAGE_OWNER, lambda _: {"subject": "Hello"}, owner_status=422
    ),
    ("templates.keep_mail", "POST"): Case(
        Kind.PAGE_OWNER, lambda _: {"subject": "Hello"}, owner_status=422
    ),
    ("templates.text_part", "GET"): Case(Kind.PAGE_OWNER),
    ("templates.export", "GET"): Case(Kind.PAGE_OWNER),
    ("templates.use", "POST"): Case(Kind.PAGE_OWNER, owner_status=303),
    ("templates.duplicate", "POST"): Case(Kind.PAGE_OWNER, owner_status=303),
    ("templates.ask_delete", "GET"): Case(Kind.PAGE_OWNER),
    ("templates.delete", "POST"): Case(Kind.PAGE_OWNER, owner_status=303),
    ("media.index", "GET"): Case(Kind.LOGGED_IN),
    ("media.picker", "GET"): Case(Kind.LOGGED_IN),
    ("media.upload", "POST"): Case(Kind.LOGGED_IN),
    ("media.send", "GET"): Case(Kind.PUBLIC),  # whoever has its address
    ("media.show", "GET"): Case(Kind.PAGE_OWNER),
    ("media.save", "POST"): Case(Kind.PAGE_OWNER, lambda _: {"label": "Logo"}, owner_status=303),
    ("media.ask_delete", "GET"): Case(Kind.PAGE_OWNER),
    ("media.delete", "POST"): Case(Kind.PAGE_OWNER, owner_status=303),
    ("suppressions.index", "GET"): Case(Kind.LOGGED_IN),
    ("suppressions.add", "GET"): Case(Kind.LOGGED_IN),
    ("suppressions.add", "POST"): Case(Kind.LOGGED_IN),
    ("suppressions.ask_remove", "GET"): Case(Kind.LOGGED_IN),
    ("suppressions.remove", "POST"): Case(Kind.LOGGED_IN),
    ("suppressions.export", "GET"): Case(Kind.LOGGED_IN),
    ("tokens.index", "GET"): Case(Kind.LOGGED_IN),
    ("tokens.index", "POST"): Case(Kind.LOGGED_IN),
    ("tokens.ask_revoke", "GET"): Case(Kind.PAGE_OWNER),
    ("tokens.revoke", "POST"): Case(Kind.PAGE_OWNER, owner_status=303),
    ("profile.show", "GET"): Case(Kind.LOGGED_IN),
    ("profile.change_settings", "POST"): Case(Kind.LOGGED_IN),
    ("profile.change_address", "POST"): Case(Kind.LOGGED_IN),
    ("profile.change_password", "POST"): Case(Kind.LOGGED_IN),
    ("preferences.change_theme", "POST"): Case(Kind.PUBLIC, owner_status=400),
    ("unsubscribe.show", "GET"): Case(Kind.LINK),
    ("unsubscribe.act", "POST"): Case(Kind.LINK),
    ("api.health", "GET"): Case(Kind.PUBLIC),
    ("api.list_smtp_accounts", "GET"): Case(Kind.TOKEN),
    ("api.create_smtp_account", "POST"): Case(
        Kind.TOKEN, lambda _: account_body(), owner_status=201
    ),
    ("api.show_smtp_account", "GET"): Case(Kind.TOKEN_OWNER),
    ("api.change_smtp_account", "PATCH"): Case(Kind.TOKEN_OWNER, lambda _: {"name": "Mine"}),
    ("api.test_smtp_account", "POST"): Case(
        Kind.TOKEN_OWNER, lambda _: {"to": "someone@example.com"}, owner_status=202
    ),
    ("api.show_smtp_test", "GET"): Case(Kind.TOKEN_OWNER),
    ("api.list_smtp_providers", "GET"): Case(Kind.TOKEN),
    ("api.show_sender_domain", "GET"): Case(Kind.TOKEN_OWNER),
    ("api.check_sender_domain", "POST"): Case(Kind.TOKEN_OWNER, lambda _: {}, owner_status=202),
    ("api.choose_default_smtp_account", "PUT"): Case(Kind.TOKEN_OWNER),
    ("api.tell_sent_elsewhere", "PUT"): Case(
        Kind.TOKEN_OWNER, lambda _: {"mails": 5}, owner_status=422
    ),
    ("api.trust_certificate", "PUT"): Case(
        Kind.TOKEN_OWNER, lambda _: {"sha256": "ab"}, owner_status=409
    ),
    ("api.distrust_certificate", "DELETE"): Case(Kind.TOKEN_OWNER, owner_status=204),
    ("api.delete_smtp_account", "DELETE"): Case(Kind.TOKEN_OWNER, owner_status=409),
    ("api.list_campaigns", "GET"): Case(Kind.TOKEN),
    ("api.create_campaign", "POST"): Case(
        Kind.TOKEN, lambda world: campaign_body(world.ids["account_id"]), owner_status=201
    ),
    ("api.show_campaign", "GET"): Case(Kind.TOKEN_OWNER),
    ("api.list_emails", "GET"): Case(Kind.TOKEN_OWNER),
    ("api.list_errors", "GET"): Case(Kind.TOKEN_OWNER),
    ("api.unschedule_campaign", "POST"): Case(Kind.TOKEN_OWNER, owner_status=409),
    ("api.retry_failed", "POST"): Case(Kind.TOKEN_OWNER, running=True, owner_status=409),
    ("api.resolve_unknown", "POST"): Case(Kind.TOKEN_OWNER, lambda _: {"as": "sent"}),
    ("api.duplicate_campaign", "POST"): Case(Kind.TOKEN_OWNER, owner_status=201),
    ("api.list_versions", "GET"): Case(Kind.TOKEN_OWNER),
    ("api.restore_version", "POST"): Case(Kind.TOKEN_OWNER),
    ("api.show_workspace", "GET"): Case(Kind.TOKEN),
    ("api.change_workspace", "PATCH"): Case(Kind.TOKEN, lambda _: {"postal_address": "1 Road"}),
    ("api.change_campaign", "PATCH"): Case(Kind.TOKEN_OWNER, lambda _: {"name": "Mine"}),
    ("api.add_campaign_recipients", "POST"): Case(
        Kind.TOKEN_OWNER, lambda _: [{"email": "someone@example.com"}]
    ),
    ("api.show_import", "GET"): Case(Kind.TOKEN_OWNER),
    ("api.list_imports", "GET"): Case(Kind.TOKEN_OWNER),
    ("api.list_suppressions", "GET"): Case(Kind.TOKEN),
    ("api.add_suppressions", "POST"): Case(Kind.TOKEN, lambda _: {"emails": ["x@example.com"]}),
    ("api.delete_suppression", "DELETE"): Case(Kind.TOKEN_OWNER, owner_status=204),
    ("api.list_tokens", "GET"): Case(Kind.TOKEN),
    ("api.schedule_campaign", "POST"): Case(
        # An import is still queued.
        Kind.TOKEN_OWNER,
        lambda _: {"at": "now"},
        owner_status=409,
    ),
    # An import is still queued.
    ("api.show_checks", "GET"): Case(Kind.TOKEN_OWNER, owner_status=409),
    ("api.pause_campaign", "POST"): Case(Kind.TOKEN_OWNER, running=True),
    ("api.resume_campaign", "POST"): Case(Kind.TOKEN_OWNER, running=True),
    ("api.cancel_campaign", "POST"): Case(Kind.TOKEN_OWNER, running=True),
    ("api.delete_campaign", "DELETE"): Case(Kind.TOKEN_OWNER, running=True, owner_status=409),
    # These end what the cases before them need.
    ("api.cancel_import", "POST"): Case(Kind.TOKEN_OWNER),
    ("api.delete_token", "DELETE"): Case(Kind.TOKEN_OWNER, owner_status=204),
}
