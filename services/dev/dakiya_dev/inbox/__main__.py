"""Runs the demo inbox: ``python -m dakiya_dev.inbox --dir var/inbox``."""

import asyncio
import contextlib
import errno
import logging
import signal
from collections.abc import Awaitable, Callable
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import TypeVar

import click

from dakiya_dev.inbox.receiver import Receiver, serve_smtp
from dakiya_dev.inbox.site import start_site
from dakiya_dev.inbox.store import MAX_MAILS, Store
from dakiya_dev.ports import first_free_port
from dakiya_dev.trouble import ServerTrouble

SMTP_PORT = 1025
HTTP_PORT = 8025
_Server = TypeVar("_Server", asyncio.Server, ThreadingHTTPServer)


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
                smtp_port=smtp_port,
                http_port=http_port,
            )
        )
    except ServerTrouble as trouble:
        raise click.ClickException(str(trouble)) from None


async def _serve(store: Store, *, host: str, smtp_port: int | None, http_port: int | None) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    receiver = Receiver(store)
    storing = asyncio.create_task(receiver.store_forever())

    async def show(port: int) -> ThreadingHTTPServer:
        return start_site(store, host=host, port=port)

    async def receive(port: int) -> asyncio.Server:
        return await serve_smtp(receiver, host=host, port=port)

    http_on, site = await _listen(show, host, http_port, HTTP_PORT, "--http-port")
    smtp_on, smtp = await _listen(receive, host, smtp_port, SMTP_PORT, "--smtp-port")
    print(f"Demo inbox: SMTP on {host}:{smtp_on}, http://{host}:{http_on}", flush=True)
    await ended.wait()
    smtp.close()
    site.shutdown()
    site.server_close()
    storing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await storing
    store.close()


async def _listen(
    start: Callable[[int], Awaitable[_Server]],
    host: str,
    wished: int | None,
    first: int,
    option: str,
) -> tuple[int, _Server]:
    """Start on the port that is wished for, or on the first free one; returns it and the server.

    Somebody may take a port between the look and the listening. Raises ServerTrouble.
    """
    while True:
        port = wished or first_free_port(first, host)
        try:
            return port, await start(port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
        if wished:
            raise ServerTrouble(
                f"port {port} is taken by another program",
                f"Choose another one with {option}, or leave that out.",
            )
        first = port + 1


if __name__ == "__main__":
    main()
