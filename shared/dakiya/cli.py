"""The ``dakiya`` command: migrations, users, tokens and keys."""

import sys
from importlib.metadata import entry_points
from typing import NoReturn, TypeVar

import click
from cryptography.fernet import Fernet

from dakiya.accounts.tokens import create_token
from dakiya.accounts.users import change_password, create_user, find_user
from dakiya.config import MigrateSettings, Settings
from dakiya.db import SessionFactory, make_engine, make_session_factory
from dakiya.errors import ConfigurationError, InvalidInput
from dakiya.migrations.run import upgrade
from dakiya.models import User
from dakiya.smtp_accounts.secrets import SecretBox, rotate

S = TypeVar("S", bound=Settings)


class _Commands(click.Group):
    """The commands of this module, and those that other distributions add."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        plugins = (point.name for point in entry_points(group="dakiya.commands"))
        return sorted({*super().list_commands(ctx), *plugins})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for point in entry_points(group="dakiya.commands", name=cmd_name):
            command: click.Command = point.load()
            return command
        return super().get_command(ctx, cmd_name)


@click.group(cls=_Commands)
def main() -> None:
    """Dakiya, the e-mail campaign manager that never lies about a mail."""


@main.command()
def migrate() -> None:
    """Bring the database to the present schema; safe to repeat."""
    settings = _load(MigrateSettings)
    password = settings.web_db_password.get_secret_value() or None
    try:
        upgrade(settings.database_url.get_secret_value(), password)
    except ConfigurationError as error:
        _fail(str(error))
    click.echo("The database is up to date.")


@main.group()
def user() -> None:
    """People who can log in."""


@user.command("create")
@click.argument("email")
def user_create(email: str) -> None:
    """Add a user; the password is asked for, or read from standard input."""
    password = _read_password()
    with _sessions()() as session:
        try:
            create_user(session, email=email, password=password)
        except InvalidInput as error:
            _fail(str(error))
        session.commit()
    click.echo(f"Created {email}.")


@user.command("password")
@click.argument("email")
def user_password(email: str) -> None:
    """Set a user's password and end their sessions."""
    password = _read_password()
    with _sessions()() as session:
        found = find_user(session, email) or _fail(f"There is no user {email}.")
        try:
            change_password(found, password)
        except InvalidInput as error:
            _fail(str(error))
        session.commit()
    click.echo(f"Changed the password of {email}.")


@main.group()
def token() -> None:
    """API tokens."""


@token.command("create")
@click.argument("email")
@click.option("--name", default="command line", show_default=True, help="What it is for.")
def token_create(email: str, name: str) -> None:
    """Make an API token for a user and print it, once."""
    with _sessions()() as session:
        found: User = find_user(session, email) or _fail(f"There is no user {email}.")
        text = create_token(session, user=found, name=name)
        session.commit()
    click.echo(text)


@main.group()
def keys() -> None:
    """The keys of stored SMTP passwords (DAKIYA_ENCRYPTION_KEYS)."""


@keys.command("make")
def keys_make() -> None:
    """Print a new key; put it in front of the present ones, then rotate."""
    click.echo(Fernet.generate_key().decode())


@keys.command("rotate")
def keys_rotate() -> None:
    """Seal every stored password with the first key; the others can be taken away then."""
    settings = _load(Settings)
    try:
        box = SecretBox(settings)
    except ConfigurationError as error:
        _fail(str(error))
    with _sessions()() as session:
        rotated, unreadable = rotate(session, box)
        session.commit()
    passwords = "password" if rotated == 1 else "passwords"
    click.echo(f"Sealed {rotated} {passwords} with the first key.")
    if unreadable:
        _fail(
            f"{unreadable} could not be read with any key: bring the missing key back, or have"
            " their owners type them again."
        )


def _load(kind: type[S]) -> S:
    try:
        return kind.load()
    except ConfigurationError as error:
        _fail(str(error))


def _sessions() -> SessionFactory:
    settings = _load(Settings)
    return make_session_factory(make_engine(settings.database_url.get_secret_value()))


def _read_password() -> str:
    if sys.stdin.isatty():
        answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return answer
    return sys.stdin.readline().rstrip("\n")


def _fail(message: str) -> NoReturn:
    raise SystemExit(f"dakiya: {message}")
