"""The servers that mails are sent to, and what else sends to them: the baselines."""

import asyncio
import multiprocessing
import smtplib
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Barrier

import psutil

from dakiya_dev.ports import HOST, first_free_port

_context = multiprocessing.get_context("spawn")


@contextmanager
def smtp_sink() -> Iterator[int]:
    """Run Postfix's smtp-sink, which takes every mail and keeps none; yields its port."""
    port = first_free_port(26_000)
    command = ["smtp-sink", f"{HOST}:{port}", "1000"]
    if psutil.Process().uids().real == 0:
        command[1:1] = ["-u", "postfix"]
    sink = subprocess.Popen(command)
    try:
        _wait_for(port)
        yield port
    finally:
        sink.terminate()
        sink.wait()


def smtp_source(port: int, *, mails: int, connections: int, size_bytes: int) -> float:
    """Let Postfix's smtp-source send mails of a size; returns mails per second."""
    command = ["smtp-source", "-d", "-m", str(mails), "-s", str(connections)]
    command += ["-l", str(size_bytes), "-f", "sender@example.com", "-t", "r@example.net"]
    began_at = time.monotonic()
    subprocess.run([*command, f"{HOST}:{port}"], check=True, stdout=subprocess.DEVNULL)
    return mails / (time.monotonic() - began_at)


def bare_loop(port: int, message: bytes, *, mails: int, processes: int) -> float:
    """Send with smtplib.sendmail in a loop, a connection per process; returns mails per second."""
    barrier = _context.Barrier(processes + 1)
    running = [
        _context.Process(target=_send, args=(port, message, mails // processes, barrier))
        for _ in range(processes)
    ]
    for process in running:
        process.start()
    barrier.wait()
    began_at = time.monotonic()
    for process in running:
        process.join()
        if process.exitcode:
            raise RuntimeError("a baseline's process failed")
    return mails // processes * processes / (time.monotonic() - began_at)


def round_trips(port: int, *, times: int = 200) -> float:
    """Ask a server for nothing, again and again; returns round trips per second."""
    with smtplib.SMTP(HOST, port) as server:
        server.ehlo()
        began_at = time.monotonic()
        for _ in range(times):
            server.noop()
        return times / (time.monotonic() - began_at)


def _send(port: int, message: bytes, mails: int, barrier: Barrier) -> None:
    with smtplib.SMTP(HOST, port) as server:
        server.ehlo()
        barrier.wait()
        for number in range(mails):
            server.sendmail("sender@example.com", [f"r{number}@example.net"], message)


@contextmanager
def delayed(port: int, one_way_s: float) -> Iterator[int]:
    """Run a TCP proxy in front of a server that holds back what goes either way."""
    with _in_process(_delay, port, one_way_s) as delayed_port:
        yield delayed_port


@contextmanager
def slow_server(per_mail_s: float) -> Iterator[int]:
    """Run a server that answers every final dot so late, on any number of connections."""
    with _in_process(_serve_slowly, per_mail_s) as port:
        yield port


@contextmanager
def _in_process(target: object, *args: object) -> Iterator[int]:
    port = first_free_port(26_000)
    process: BaseProcess = _context.Process(target=_run, args=(target, port, *args), daemon=True)
    process.start()
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.join()


def _run(target: object, port: int, *args: object) -> None:
    asyncio.run(target(port, *args))  # type: ignore[operator]


async def _delay(port: int, behind: int, one_way_s: float) -> None:
    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        held: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def let_go() -> None:
            while True:
                due_at, data = await held.get()
                await asyncio.sleep(max(0.0, due_at - loop.time()))
                if not data:
                    sink.close()
                    return
                sink.write(data)
                await sink.drain()

        letting_go = asyncio.create_task(let_go())
        while True:
            data = await source.read(65_536)
            held.put_nowait((loop.time() + one_way_s, data))
            if not data:
                break
        await letting_go

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        their_reader, their_writer = await asyncio.open_connection(HOST, behind)
        for stream in (writer, their_writer):
            stream.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(ConnectionError):
            await asyncio.gather(pump(reader, their_writer), pump(their_reader, writer))

    server = await asyncio.start_server(accept, HOST, port)
    await server.serve_forever()


async def _serve_slowly(port: int, per_mail_s: float) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 slow.example.org ESMTP\r\n")
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                command = (await reader.readuntil(b"\r\n"))[:4].upper()
                if command == b"DATA":
                    writer.write(b"354 go on\r\n")
                    await reader.readuntil(b"\r\n.\r\n")
                    await asyncio.sleep(per_mail_s)
                    writer.write(b"250 2.0.0 Ok\r\n")
                elif command == b"EHLO":
                    writer.write(b"250-slow.example.org\r\n250 PIPELINING\r\n")
                elif command == b"QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                else:
                    writer.write(b"250 2.1.0 Ok\r\n")
        writer.close()

    server = await asyncio.start_server(serve, HOST, port, limit=1_048_576)
    await server.serve_forever()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
