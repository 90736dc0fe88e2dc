"""The blueprint of the SMTP accounts' pages: everything here is for people who are logged in."""

from flask import Blueprint
from flask_login import login_required

from dakiya.models import SmtpAccount
from dakiya.smtp_accounts import accounts
from dakiya_web.pages.people.sessions import logged_in_user
from dakiya_web.wiring import request_session

smtp_accounts = Blueprint("smtp_accounts", __name__)


@smtp_accounts.before_request
@login_required
def _only_logged_in() -> None:
    return None


def find_own(account_id: int, *, lock: bool = False) -> SmtpAccount:
    """Return an account of whoever is logged in. Raises NotFound."""
    return accounts.find_account(
        request_session(), account_id, user_id=logged_in_user().id, lock=lock
    )
