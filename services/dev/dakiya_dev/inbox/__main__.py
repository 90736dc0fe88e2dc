"""Runs the demo inbox: ``python -m dakiya_dev.inbox --dir var/inbox``."""

import asyncio
import contextlib
import errno
import logging
import signal
from collections.abc import Iterator
from pathlib import Path

import click

from dakiya_dev.inbox.receiver import Receiver, serve_smtp
from dakiya_dev.inbox.site import start_site
from dakiya_dev.inbox.store import MAX_MAILS, Store
from dakiya_dev.ports import first_free_port
from dakiya_dev.trouble import ServerTrouble

SMTP_PORT = 1025
HTTP_PORT = 8025


@click.command()
@click.option("--dir", "folder", required=True, type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--smtp-port", type=int, help="Otherwise the first free one from 1025.")
@click.option("--http-port", type=int, help="Otherwise the first free one from 8025.")
@click.option("--max-mails", default=MAX_MAILS, show_default=True)
def main(
    folder: Path, host: str, smtp_port: int | None, http_port: int | None, max_mails: int
) -> None:
    """Accept every mail and show it on a page; ends on SIGTERM."""
    # aiosmtpd logs every line of the dialogue, with its addresses, at INFO.
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    try:
        asyncio.run(
            _serve(
                Store(folder, max_mails=max_mails),
                host=host,
                smtp_port=smtp_port or first_free_port(SMTP_PORT, host),
                http_port=http_port or first_free_port(HTTP_PORT, host),
            )
        )
    except ServerTrouble as trouble:
        raise click.ClickException(str(trouble)) from None


async def _serve(store: Store, *, host: str, smtp_port: int, http_port: int) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    receiver = Receiver(store)
    storing = asyncio.create_task(receiver.store_forever())
    with _saying_what_is_taken(http_port, "--http-port"):
        site = start_site(store, host=host, port=http_port)
    with _saying_what_is_taken(smtp_port, "--smtp-port"):
        smtp = await serve_smtp(receiver, host=host, port=smtp_port)
    print(f"Demo inbox: SMTP on {host}:{smtp_port}, http://{host}:{http_port}", flush=True)
    await ended.wait()
    smtp.close()
    site.shutdown()
    site.server_close()
    storing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await storing
    store.close()


@contextlib.contextmanager
def _saying_what_is_taken(port: int, option: str) -> Iterator[None]:
    """Somebody may take a port between the look and the listening."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise ServerTrouble(
            f"port {port} is taken by another program",
            f"Start again to get another one, or choose one with {option}.",
        ) from None


if __name__ == "__main__":
    main()
