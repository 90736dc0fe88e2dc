"""`dakiya dev`: what `make run` runs."""

import os
import sys
from pathlib import Path

import click

from dakiya_dev.console import Console
from dakiya_dev.environment import given
from dakiya_dev.installation import Installation, Running
from dakiya_dev.preflight import check_folder, check_glibc, only_one
from dakiya_dev.supervisor import StopRequested, StopSignals
from dakiya_dev.trouble import ServerTrouble


@click.command()
@click.option(
    "--var",
    "var_dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var"),
    show_default=True,
    help="Where the data is kept.",
)
@click.option("--senders", default=2, show_default=True, type=click.IntRange(1, 16))
def dev(var_dir: Path, senders: int) -> None:
    """Run the whole system here, with servers and an inbox of its own; Ctrl-C stops it."""
    var_dir = var_dir.resolve()
    console = Console(colour=sys.stderr.isatty() and "NO_COLOR" not in os.environ)
    signals = StopSignals()
    signals.install()
    try:
        check_folder(var_dir)
        if not (given(os.environ, "DATABASE_URL") and given(os.environ, "REDIS_URL")):
            check_glibc()
        with only_one(var_dir):
            _run(
                Installation(
                    var_dir, os.environ, console=console, signals=signals, senders=senders
                ),
                var_dir=var_dir,
                console=console,
            )
    except ServerTrouble as trouble:
        console.say(str(trouble))
        sys.exit(1)


def _run(installation: Installation, *, var_dir: Path, console: Console) -> None:
    try:
        _print_banner(installation.start(), var_dir)
        installation.watch()
    except StopRequested:
        console.say("Stopping (once more: at once) ...")
        installation.stop()
        console.say("Stopped.")
    finally:
        installation.stop()


def _print_banner(running: Running, var_dir: Path) -> None:
    addresses, login = running.addresses, running.login
    lines = (
        addresses.web_url,
        "",
        f"  Log in        {login.email}, password {login.password}",
        f"  Demo inbox    {addresses.inbox_url}",
        f"  Its SMTP      127.0.0.1:{addresses.smtp_port}, no encryption, no password",
        f"  Data          {var_dir}",
        "  Stop          Ctrl-C",
        "",
    )
    try:
        print(*lines, sep="\n", flush=True)
    except OSError:
        # `make run | head -1` is a fine way to learn the URL.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
