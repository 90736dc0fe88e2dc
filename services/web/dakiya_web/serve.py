"""The ``dakiya-web`` command: checks that it may start, then runs gunicorn."""

import errno
import logging
import socket
import sys
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from dakiya.errors import ConfigurationError
from dakiya.log import configure_logging, get_logger
from dakiya_web.app import create_app
from dakiya_web.settings import WebSettings
from dakiya_web.startup import check_database
from dakiya_web.worker import PatientWorker

# A worker that neither serves nor reports for so long is replaced.
WORKER_TIMEOUT_S = 120
# On SIGTERM requests under way get this long; a container's stop_grace_period must be longer.
GRACEFUL_TIMEOUT_S = 20
KEEP_ALIVE_S = 15
# Per worker, whoever they keep waiting; many systems allow a process 1024 open files.
CONNECTIONS = 800
EXIT_MISCONFIGURED = 2

_log = get_logger(__name__)


def main() -> None:
    """Run the web until it is told to stop; exits with 2 when it must not start."""
    try:
        settings = WebSettings.load()
        configure_logging(settings.log_format, settings.log_level)
        # It says at each start that PostgreSQL is PostgreSQL.
        logging.getLogger("alembic").setLevel(logging.WARNING)
        check_database(settings)
        check_port(settings)
    except ConfigurationError as error:
        sys.stderr.write("".join(f"dakiya-web: {line}\n" for line in str(error).splitlines()))
        raise SystemExit(EXIT_MISCONFIGURED) from None
    _log.info("web_starting", bind=settings.bind, port=settings.port, workers=settings.workers)
    _Server(settings).run()


def check_port(settings: WebSettings) -> None:
    """Raise ConfigurationError when nothing can listen there, before gunicorn tries for long."""
    family = socket.AF_INET6 if ":" in settings.bind else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.bind, settings.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise ConfigurationError(
                    f"port {settings.port} is taken by another program;"
                    " stop it, or choose another port with DAKIYA_PORT"
                ) from None
            raise ConfigurationError(
                f"cannot listen on {settings.bind} port {settings.port}: {error.strerror};"
                " see DAKIYA_BIND and DAKIYA_PORT"
            ) from None


class _QuietLogger(Logger):
    """Gunicorn's logger, writing where and how the rest of the service writes."""

    def setup(self, cfg: Any) -> None:
        """Leave the handlers to the root logger; gunicorn's access log stays off."""
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        self.error_log.setLevel(logging.INFO)
        self.access_log.handlers.clear()
        self.access_log.propagate = False


class _Server(BaseApplication):
    """Gunicorn with settings from our own, and no command line or file of its own."""

    def __init__(self, settings: WebSettings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Pass our settings on."""
        host = f"[{self._settings.bind}]" if ":" in self._settings.bind else self._settings.bind
        for name, value in {
            "bind": f"{host}:{self._settings.port}",
            "workers": self._settings.workers,
            "threads": self._settings.threads,
            "worker_class": PatientWorker,
            "worker_connections": CONNECTIONS,
            "timeout": WORKER_TIMEOUT_S,
            "graceful_timeout": GRACEFUL_TIMEOUT_S,
            "keepalive": KEEP_ALIVE_S,
            "proc_name": "dakiya-web",
            "logger_class": _QuietLogger,
            "accesslog": None,
            "control_socket_disable": True,
            # ProxyFix trusts a number of hops; gunicorn itself must trust nobody.
            "forwarded_allow_ips": "",
            "max_requests": 20_000,
            "max_requests_jitter": 2_000,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the application in a worker, after the fork: no connection is shared."""
        return create_app(self._settings)


if __name__ == "__main__":
    main()
