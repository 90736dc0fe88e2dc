"""The demo account, its SMTP account and a draft. Run with ``python -m``, once per start.

Settings come from the environment; the demo password is the only line of standard input.
"""

import sys
from importlib.resources import files

import click
from sqlalchemy import update
from sqlalchemy.orm import Session

from dakiya.accounts.users import create_user, find_user, workspace_of
from dakiya.campaigns.drafts import Content, create_campaign
from dakiya.config import Settings
from dakiya.contacts.recipients import RawRecipient, add_recipients
from dakiya.db import make_engine, make_session_factory
from dakiya.models import Security, SmtpAccount
from dakiya.models.smtp import DEFAULT_CONNECTIONS, DEFAULT_MAILS_PER_CONNECTION
from dakiya.smtp_accounts.accounts import AccountValues, create_account
from dakiya.smtp_accounts.secrets import SecretBox

DEMO_EMAIL = "demo@example.com"
INBOX_HOST = "127.0.0.1"
INBOX_NAME = "Demo inbox"
SUBJECT = "{{ name }}, your parcels for {{ city | default('your town') }}"
# Places, in the scripts that mail has to survive. The last one lacks a city on purpose.
RECIPIENTS = (
    ("delhi", "दिल्ली शाखा", "नई दिल्ली", "42"),
    ("mumbai", "मुंबई शाखा", "मुंबई", "118"),
    ("chennai", "சென்னை கிளை", "சென்னை", "37"),
    ("kolkata", "কলকাতা শাখা", "কলকাতা", "64"),
    ("bengaluru", "ಬೆಂಗಳೂರು ಶಾಖೆ", "ಬೆಂಗಳೂರು", "81"),
    ("jaipur", "जयपुर शाखा", "जयपुर", "19"),
    ("pondichery", "Bureau de Pondichéry", "Pondichéry", "8"),
    ("zurich", "Büro Zürich", "Zürich", "5"),
    ("sao-paulo", "Escritório São Paulo", "São Paulo", "12"),
    ("lucknow", "Lucknow branch", "", "23"),
)


def seed_demo(session: Session, *, password: str, smtp_port: int, box: SecretBox) -> bool:
    """Add what the demo consists of, unless it is there; commits nothing.

    Returns whether it was added. The demo inbox's port is brought up to date either way.
    """
    # Also where somebody else has connected it: by the same name, which the pages fill in.
    session.execute(
        update(SmtpAccount)
        .where(SmtpAccount.name == INBOX_NAME, SmtpAccount.host == INBOX_HOST)
        .values(port=smtp_port)
    )
    if find_user(session, DEMO_EMAIL) is not None:
        return False
    user = create_user(session, email=DEMO_EMAIL, password=password)
    workspace_id = workspace_of(session, user.id)
    account = create_account(
        session, _inbox_values(smtp_port), workspace_id=workspace_id, password=None, box=box
    )
    html = files("dakiya_dev").joinpath("demo_mail.html").read_text(encoding="utf-8")
    campaign = create_campaign(
        session,
        workspace_id=workspace_id,
        name="A first campaign",
        content=Content(subject=SUBJECT, html=html, text=None),
        account=account,
        timezone=user.timezone,
    )
    add_recipients(
        session,
        campaign,
        [
            RawRecipient(row, f"{local}@example.com", name, {"city": city, "parcels": parcels})
            for row, (local, name, city, parcels) in enumerate(RECIPIENTS, start=1)
        ],
    )
    return True


def _inbox_values(smtp_port: int) -> AccountValues:
    return AccountValues(
        name=INBOX_NAME,
        host=INBOX_HOST,
        port=smtp_port,
        security=Security.NONE,
        username=None,
        from_email="post@example.com",
        from_name="Dakiya डाकिया",
        per_second=None,
        per_minute=None,
        per_hour=None,
        per_day=None,
        connections=DEFAULT_CONNECTIONS,
        mails_per_connection=DEFAULT_MAILS_PER_CONNECTION,
    )


@click.command()
@click.option("--smtp-port", type=int, required=True)
def main(smtp_port: int) -> None:
    """Seed the database of DATABASE_URL; may be repeated."""
    settings = Settings.load()
    engine = make_engine(settings.database_url.get_secret_value())
    password = sys.stdin.readline().rstrip("\n")
    with make_session_factory(engine)() as session:
        seed_demo(session, password=password, smtp_port=smtp_port, box=SecretBox(settings))
        session.commit()


if __name__ == "__main__":
    main()
