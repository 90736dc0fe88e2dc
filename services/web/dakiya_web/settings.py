"""What the web service knows besides the settings that every service shares."""

from pathlib import Path

from pydantic import Field

from dakiya.config import Settings


class WebSettings(Settings):
    """Where the web listens, how it stands behind a proxy, and how many requests it serves."""

    port: int = Field(5000, ge=1, le=65535, validation_alias="DAKIYA_PORT")
    # Containers set 0.0.0.0; anywhere else a service that nobody asked for stays private.
    bind: str = Field("127.0.0.1", validation_alias="DAKIYA_BIND")
    # How many trusted proxies stand in front and set X-Forwarded-For, -Proto and -Host.
    proxy_hops: int = Field(0, ge=0, le=10, validation_alias="DAKIYA_PROXY_HOPS")
    workers: int = Field(2, ge=1, le=64, validation_alias="DAKIYA_WEB_WORKERS")
    threads: int = Field(8, ge=1, le=128, validation_alias="DAKIYA_WEB_THREADS")
    # Where the pictures of mails lie; every process of the web reads and writes it.
    media_dir: Path = Field(Path("var/media"), validation_alias="DAKIYA_MEDIA_DIR")
    media_quota_mb: int = Field(500, ge=1, le=1_000_000, validation_alias="DAKIYA_MEDIA_QUOTA_MB")
    # Linked in the navigation; `make run` sets it.
    demo_inbox_url: str = Field(
        "", pattern=r"^(https?://\S+)?$", validation_alias="DAKIYA_DEMO_INBOX_URL"
    )
    # Where that inbox takes mail, on this machine: offered where an SMTP account is added.
    demo_inbox_smtp_port: int | None = Field(
        None, ge=1, le=65535, validation_alias="DAKIYA_DEMO_INBOX_SMTP_PORT"
    )

    @property
    def max_upload_bytes(self) -> int:
        """The largest request body that is read."""
        return self.max_upload_mb * 1024 * 1024

    @property
    def media_quota_bytes(self) -> int:
        """How much one workspace may keep in its media library."""
        return self.media_quota_mb * 1_000_000

    @property
    def https(self) -> bool:
        """Whether people reach the installation over TLS."""
        return self.public_url.startswith("https://")
