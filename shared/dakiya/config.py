"""Settings from the environment, frozen, checked at start.

Every setting may also be given as ``NAME_FILE``: the path of a file that holds the value
(container secrets). The well-known DATABASE_URL, REDIS_URL and SECRET_KEY carry no prefix.
"""

import os
import re
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from dakiya.errors import ConfigurationError

_REDIS_SCHEMES = ("redis", "rediss", "unix")
# A name, an IPv4 or an IPv6 address, each with a port if need be.
_HOST = re.compile(r"[A-Za-z0-9._-]+(:\d{1,5})?|\[?[0-9A-Fa-f:.]*::?[0-9A-Fa-f:.]*\]?(:\d{1,5})?")

SECRET_KEY_MIN_LENGTH = 32
SECRET_KEY_MIN_DISTINCT = 10
SECRET_KEY_HINT = (
    "make one with `python3 -c 'import secrets; print(secrets.token_urlsafe(48))'` "
    "and keep it: sessions, links and stored SMTP passwords depend on it"
)


class _SecretFiles(PydanticBaseSettingsSource):
    """Reads NAME from the file that NAME_FILE points to."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        name = field.validation_alias
        if not isinstance(name, str):
            raise TypeError(f"setting {field_name} needs a plain alias")
        path = os.environ.get(f"{name}_FILE")
        if not path or os.environ.get(name):
            return None, name, False
        try:
            return Path(path).read_text(encoding="utf-8").strip(), name, False
        except OSError as error:
            raise ConfigurationError(f"{name}_FILE: cannot read {path}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ConfigurationError(f"{name}_FILE: {path} is not a text file in UTF-8") from None

    def __call__(self) -> dict[str, Any]:
        values = {}
        for field_name, field in self.settings_cls.model_fields.items():
            value, key, _ = self.get_field_value(field, field_name)
            if value is not None:
                values[key] = value
        return values


class Settings(BaseSettings):
    """What every service knows; each service adds its own."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    database_url: SecretStr = Field(validation_alias="DATABASE_URL")
    redis_url: SecretStr = Field(validation_alias="REDIS_URL")
    secret_key: SecretStr = Field(validation_alias="SECRET_KEY")
    encryption_keys: SecretStr = Field(SecretStr(""), validation_alias="DAKIYA_ENCRYPTION_KEYS")
    public_url: str = Field("http://localhost:5000", validation_alias="DAKIYA_PUBLIC_URL")
    tick_seconds: int = Field(10, ge=1, le=60, validation_alias="DAKIYA_TICK_SECONDS")
    batch_size: int = Field(50, ge=1, le=500, validation_alias="DAKIYA_BATCH_SIZE")
    lease_seconds: float = Field(60, ge=2, le=3600, validation_alias="DAKIYA_LEASE_SECONDS")
    retry_base_seconds: float = Field(60, gt=0, validation_alias="DAKIYA_RETRY_BASE_SECONDS")
    give_up_hours: float = Field(24, gt=0, validation_alias="DAKIYA_GIVE_UP_HOURS")
    resend_after_seconds: float = Field(900, ge=0, validation_alias="DAKIYA_RESEND_AFTER_SECONDS")
    max_upload_mb: int = Field(25, ge=1, le=500, validation_alias="DAKIYA_MAX_UPLOAD_MB")
    allowed_internal_hosts: str = Field("", validation_alias="DAKIYA_ALLOWED_INTERNAL_HOSTS")
    system_smtp_url: SecretStr = Field(SecretStr(""), validation_alias="DAKIYA_SYSTEM_SMTP_URL")
    log_format: Literal["auto", "json", "pretty"] = Field(
        "auto", validation_alias="DAKIYA_LOG_FORMAT"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", validation_alias="DAKIYA_LOG_LEVEL"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _SecretFiles(settings_cls)

    @field_validator("database_url")
    @classmethod
    def _name_the_driver(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        for scheme in ("postgres://", "postgresql://"):
            if url.startswith(scheme):
                return SecretStr("postgresql+psycopg2://" + url.removeprefix(scheme))
        if not url.startswith("postgresql+psycopg2://"):
            raise ValueError("must begin with postgresql://")
        return value

    @field_validator("redis_url")
    @classmethod
    def _check_redis_url(cls, value: SecretStr) -> SecretStr:
        try:
            url = urlsplit(value.get_secret_value())
            fits = url.scheme in _REDIS_SCHEMES and (url.hostname or url.path) and url.port != 0
        except ValueError:
            fits = False
        if not fits:
            raise ValueError("must look like redis://:password@host:6379/0")
        return value

    @field_validator("allowed_internal_hosts")
    @classmethod
    def _check_hosts(cls, value: str) -> str:
        for part in filter(None, (part.strip() for part in value.split(","))):
            if not _HOST.fullmatch(part):
                raise ValueError(
                    f"names no host: {part!r}; hosts and addresses are separated by commas"
                )
        return value

    @field_validator("secret_key")
    @classmethod
    def _refuse_weak_key(cls, value: SecretStr) -> SecretStr:
        key = value.get_secret_value()
        if len(key) < SECRET_KEY_MIN_LENGTH or len(set(key)) < SECRET_KEY_MIN_DISTINCT:
            raise ValueError(
                f"is too weak: at least {SECRET_KEY_MIN_LENGTH} characters, "
                f"{SECRET_KEY_MIN_DISTINCT} of them different; {SECRET_KEY_HINT}"
            )
        return value

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value.rstrip("/")

    @classmethod
    def load(cls) -> Self:
        """Read the environment.

        Raises ConfigurationError with one line per wrong or missing setting.
        """
        try:
            return cls()
        except ValidationError as error:
            raise ConfigurationError(_explain(error)) from None


class MigrateSettings(Settings):
    """What ``dakiya migrate`` knows besides: the password of the web's database role."""

    web_db_password: SecretStr = Field(SecretStr(""), validation_alias="DAKIYA_WEB_DB_PASSWORD")


def _explain(error: ValidationError) -> str:
    lines = []
    for detail in error.errors(include_input=False, include_url=False):
        name = str(detail["loc"][0]) if detail["loc"] else "settings"
        if detail["type"] == "missing":
            hint = f"; {SECRET_KEY_HINT}" if name == "SECRET_KEY" else ""
            lines.append(f"{name} is not set (nor {name}_FILE){hint}")
        else:
            ours = detail["type"] == "value_error"
            words = detail["msg"].removeprefix("Value error, ")
            lines.append(f"{name} {words}" if ours else f"{name}: {words}")
    return "\n".join(lines)
