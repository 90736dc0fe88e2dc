"""A Postfix of the test's own: private configuration, queue and port; it relays to a recorder."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.recorder.recorder import Certificate
from tests.system.compose import free_port

_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
127.0.0.1:{tls_port} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
_MAIN = """\
compatibility_level = 3.6
myhostname = mail.postfix.test
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
alias_maps =
local_recipient_maps =
relayhost = [127.0.0.1]:{relay_port}
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtp_tls_security_level = none
smtpd_tls_security_level = may
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_recipient_restrictions =
    check_recipient_access regexp:{base}/etc/recipients, {permitted}, reject
smtpd_relay_restrictions = permit_sasl_authenticated, permit_mynetworks, reject
smtpd_sasl_auth_enable = {has_login}
smtpd_tls_auth_only = yes
smtpd_sasl_path = smtpd
cyrus_sasl_config_path = {base}/etc/sasl
smtpd_sasl_local_domain = postfix.test
smtpd_sender_login_maps = regexp:{base}/etc/senders
smtpd_sender_restrictions = reject_sender_login_mismatch
smtpd_client_connection_count_limit = 100
smtpd_client_connection_rate_limit = 0
queue_run_delay = 2s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
transport_retry_time = 1s
queue_directory = {base}/queue
data_directory = {base}/data
maillog_file = {base}/mail.log
"""
_SASL = """\
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: {base}/etc/sasldb2
mech_list: PLAIN LOGIN
"""
_RECIPIENTS = "/^gone/ 550 5.1.1 User unknown\n/^full/ 452 4.2.2 Mailbox full\n"


class Postfix:
    """Debian's Postfix; addresses that begin with ``gone`` or ``full`` are refused.

    ``port`` offers STARTTLS, ``tls_port`` is encrypted from the first byte. With ``users`` (names
    and passwords) mail is taken after a login only, and only from ``<name>@example.com``.
    """

    def __init__(
        self, relay_port: int, certificate: Certificate, *, users: Mapping[str, str] | None = None
    ) -> None:
        self.port = free_port()
        self.tls_port = free_port()
        self._base = Path(tempfile.mkdtemp(prefix="dakiya-postfix-", dir="/var/tmp"))
        self._base.chmod(0o755)
        etc = self._base / "etc"
        for folder in (etc, self._base / "queue", self._base / "data"):
            folder.mkdir()
        shutil.chown(self._base / "data", "postfix")
        values = {
            "port": self.port,
            "tls_port": self.tls_port,
            "has_login": "yes" if users else "no",
            "permitted": "permit_sasl_authenticated" if users else "permit_mynetworks",
            "relay_port": relay_port,
            "base": self._base,
            "certificate": certificate.certificate_path,
            "key": certificate.key_path,
        }
        (etc / "main.cf").write_text(_MAIN.format(**values))
        (etc / "master.cf").write_text(_MASTER.format(**values))
        (etc / "recipients").write_text(_RECIPIENTS)
        senders = "/^(.*)@example\\.com$/ $1@postfix.test\n" if users else ""
        (etc / "senders").write_text(senders)
        (etc / "sasl").mkdir()
        (etc / "sasl" / "smtpd.conf").write_text(_SASL.format(base=self._base))
        for name, password in (users or {}).items():
            self.set_password(name, password)

    def set_password(self, name: str, password: str) -> None:
        """Give a user of the server a password, as its administrator does."""
        file = self._base / "etc" / "sasldb2"
        command = ["saslpasswd2", "-p", "-c", "-f", str(file), "-u", "postfix.test", name]
        subprocess.run(command, input=password.encode(), check=True, timeout=60)
        shutil.chown(file, "postfix")

    def set_certificate(self, certificate: Certificate) -> None:
        """Show another certificate; connections that are open go on."""
        etc = str(self._base / "etc")
        files = (
            f"smtpd_tls_cert_file={certificate.certificate_path}",
            f"smtpd_tls_key_file={certificate.key_path}",
        )
        subprocess.run(["postconf", "-c", etc, "-e", *files], check=True, timeout=60)
        self._reload()

    def refuse_everybody(self, reply: str) -> None:
        """Answer this to each RCPT, or to none of those that are fine; open connections go on."""
        everybody = f"/./ {reply}\n" if reply else ""
        (self._base / "etc" / "recipients").write_text(everybody + _RECIPIENTS)
        self._reload()

    def start(self) -> None:
        """Start it, also again."""
        started = self._command("start")
        assert started.returncode == 0, (
            f"Postfix does not start (apt-get install postfix sasl2-bin; run as root):\n"
            f"{started.stdout}{started.stderr}{self.log()}"
        )

    def _reload(self) -> None:
        reloaded = self._command("reload")
        assert reloaded.returncode == 0, (
            f"Postfix does not reload:\n{reloaded.stdout}{reloaded.stderr}{self.log()}"
        )

    def stop(self) -> None:
        """Stop it; its ports refuse connections."""
        self._command("stop")

    def log(self) -> str:
        """Return what Postfix logged."""
        path = self._base / "mail.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["postfix", "-c", str(self._base / "etc"), *arguments],
            env={**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
        shutil.rmtree(self._base, ignore_errors=True)
