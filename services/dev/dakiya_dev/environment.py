"""The settings that the supervisor gives to its children. Pure."""

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import make_url

from dakiya_dev.trouble import ServerTrouble

WEB_ROLE = "dakiya_web"


def given(environ: Mapping[str, str], name: str) -> str | None:
    """A setting of the person who started us: its value, or the content of NAME_FILE.

    Raises ServerTrouble when that file cannot be read.
    """
    if value := environ.get(name):
        return value
    if path := environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ServerTrouble(f"{name}_FILE: cannot read {path}: {error.strerror}") from error
        except UnicodeDecodeError:
            raise ServerTrouble(f"{name}_FILE: {path} is not a text file in UTF-8") from None
    return None


def child_environment(
    environ: Mapping[str, str],
    *,
    database_url: str,
    redis_url: str,
    secret_key: str,
    web_port: int,
    smtp_port: int,
    media_dir: Path,
) -> dict[str, str]:
    """Settings for the scheduler and the senders; what the person has set stays.

    The demo inbox is added to the hosts that may be sent to, whatever else is allowed.
    """
    inbox = f"127.0.0.1:{smtp_port},localhost:{smtp_port}"
    allowed = given(environ, "DAKIYA_ALLOWED_INTERNAL_HOSTS")
    fixed = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": secret_key,
        "DAKIYA_PORT": str(web_port),
        "DAKIYA_ALLOWED_INTERNAL_HOSTS": f"{allowed},{inbox}" if allowed else inbox,
        "PYTHONUNBUFFERED": "1",
    }
    defaults = {
        "DAKIYA_PUBLIC_URL": f"http://localhost:{web_port}",
        "DAKIYA_SYSTEM_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
        "DAKIYA_LOG_FORMAT": "pretty",
        "DAKIYA_MEDIA_DIR": str(media_dir.absolute()),
    }
    kept = {
        name: value for name, value in environ.items() if name.removesuffix("_FILE") not in fixed
    }
    missing = {
        name: value
        for name, value in defaults.items()
        if not environ.get(name) and not environ.get(f"{name}_FILE")
    }
    return {**kept, **missing, **fixed}


def as_web_role(database_url: str, password: str) -> str:
    """The same database as the role that owns no table."""
    url = make_url(database_url).set(username=WEB_ROLE, password=password)
    return url.render_as_string(hide_password=False)
