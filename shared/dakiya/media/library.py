"""The pictures of a workspace: add, find, describe, delete, and who uses one.

The bytes go to a `MediaStore` before the row is committed, and leave it after the row is gone:
what a crash leaves behind is a file that nothing points to, never a picture without bytes.
"""

import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Text, cast, func, or_, select, union_all
from sqlalchemy.orm import Session

from dakiya.accounts.users import visible_to
from dakiya.errors import InvalidInput, NotFound
from dakiya.media.storage import MediaStore
from dakiya.models import Campaign, ContentVersion, MediaFile, Template, Workspace

MAX_LABEL_CHARS = 200
MAX_ALT_CHARS = 1_000
PATH = "/m"
_MAX_SLUG_CHARS = 60
_TOKEN_BYTES = 16
# Anybody may ask for anything, also for a NUL, which no database looks for.
_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
# They turn what stands behind a name on a page, too: "gnp.exe" reads as "exe.png".
_TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069]+")


class QuotaFull(InvalidInput):
    """The workspace has no room for this picture."""


@dataclass(frozen=True)
class NewPicture:
    """A picture that was checked and made fit for mails."""

    data: bytes
    content_type: str
    ending: str
    width: int
    height: int
    is_animated: bool


@dataclass(frozen=True)
class Use:
    """A campaign or a template whose present content shows a picture."""

    kind: str  # "campaign" or "template"
    id: int
    name: str


def add_picture(
    session: Session,
    picture: NewPicture,
    *,
    workspace_id: int,
    name: str,
    store: MediaStore,
    quota_bytes: int,
) -> MediaFile:
    """Keep a picture; the same bytes again are the picture that is there already.

    ``name`` is what the uploaded file was called. Raises QuotaFull. The caller commits.
    """
    # Two uploads at once must not both find the last room.
    session.execute(select(Workspace.id).where(Workspace.id == workspace_id).with_for_update())
    digest = sha256(picture.data).hexdigest()
    present = session.scalar(
        select(MediaFile).where(MediaFile.workspace_id == workspace_id, MediaFile.sha256 == digest)
    )
    if present is not None:
        return present
    if used_bytes(session, workspace_id) + len(picture.data) > quota_bytes:
        raise QuotaFull("Your media library is full. Delete pictures that no mail needs any more.")
    label = label_of(name)
    file = MediaFile(
        workspace_id=workspace_id,
        token=secrets.token_urlsafe(_TOKEN_BYTES),
        file_name=f"{slug_of(label)}.{picture.ending}",
        label=label,
        content_type=picture.content_type,
        width=picture.width,
        height=picture.height,
        size_bytes=len(picture.data),
        is_animated=picture.is_animated,
        sha256=digest,
    )
    session.add(file)
    session.flush()
    store.put(key_of(file), picture.data)
    return file


def key_of(file: MediaFile) -> str:
    """Return where its bytes lie in the store."""
    return f"{file.token[:2]}/{file.token}"


def path_of(file: MediaFile) -> str:
    """Return its public address below the installation's."""
    return f"{PATH}/{file.token}/{file.file_name}"


def label_of(name: str) -> str:
    """Return what to call a file: its name without folders and ending, in one line."""
    base = _TURNING.sub("", _CONTROL.sub(" ", name)).replace("\\", "/").rpartition("/")[2].strip()
    stem = base.rpartition(".")[0] or base
    return stem.strip(" .")[:MAX_LABEL_CHARS] or "picture"


def slug_of(label: str) -> str:
    """Return letters, digits and hyphens that are safe in any address: "diwali-lamps"."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    return _NOT_IN_A_NAME.sub("-", plain).strip("-")[:_MAX_SLUG_CHARS].strip("-") or "picture"


def used_bytes(session: Session, workspace_id: int) -> int:
    """Return how much of its quota a workspace uses."""
    total = func.coalesce(func.sum(MediaFile.size_bytes), 0)
    return int(session.scalars(select(total).where(MediaFile.workspace_id == workspace_id)).one())


def find_picture(session: Session, file_id: int, *, user_id: int) -> MediaFile:
    """Return a picture that the user may see in the library. Raises NotFound."""
    file = session.scalar(
        select(MediaFile).where(
            MediaFile.id == file_id, visible_to(user_id, MediaFile.workspace_id)
        )
    )
    if file is None:
        raise NotFound("There is no such picture.")
    return file


def find_public(session: Session, token: str, file_name: str) -> MediaFile | None:
    """Return the picture of an address, for anybody who has it."""
    if not _TOKEN.fullmatch(token):
        return None
    file = session.scalar(select(MediaFile).where(MediaFile.token == token))
    return file if file is not None and file.file_name == file_name else None


def list_pictures(
    session: Session,
    *,
    user_id: int,
    search: str = "",
    before_id: int | None = None,
    limit: int = 60,
) -> Sequence[MediaFile]:
    """Return the user's pictures, the newest first; ``search`` looks at names and alt texts."""
    query = select(MediaFile).where(visible_to(user_id, MediaFile.workspace_id))
    for word in search.split():
        query = query.where(
            or_(
                MediaFile.label.icontains(word, autoescape=True),
                MediaFile.alt.icontains(word, autoescape=True),
            )
        )
    if before_id is not None:
        query = query.where(MediaFile.id < before_id)
    return session.scalars(query.order_by(MediaFile.id.desc()).limit(limit)).all()


def uses_of(session: Session, file: MediaFile) -> Sequence[Use]:
    """Return the campaigns and templates whose present content shows the picture.

    Mails that were sent from them show it too, for as long as it is there.
    """
    address = f"{PATH}/{file.token}/"
    campaigns = (
        select(cast("campaign", Text).label("kind"), Campaign.id, Campaign.name)
        .join(ContentVersion, ContentVersion.id == Campaign.content_version_id)
        .where(
            Campaign.workspace_id == file.workspace_id,
            Campaign.deleted_at.is_(None),
            func.strpos(ContentVersion.html, address) > 0,
        )
    )
    templates = select(cast("template", Text).label("kind"), Template.id, Template.name).where(
        Template.workspace_id == file.workspace_id, func.strpos(Template.html, address) > 0
    )
    rows = session.execute(union_all(campaigns, templates).order_by("kind", "id"))
    return [Use(*row) for row in rows]


def describe(file: MediaFile, *, label: str, alt: str) -> None:
    """Set what the picture is called and what it shows. Raises InvalidInput."""
    label, alt = (_CONTROL.sub(" ", text).strip() for text in (label, alt))
    if not label:
        raise InvalidInput("Give the picture a name.", "label")
    for field, text, most in (("label", label, MAX_LABEL_CHARS), ("alt", alt, MAX_ALT_CHARS)):
        if len(text) > most:
            raise InvalidInput(f"At most {most:,} characters.", field)
    file.label, file.alt = label, alt


def remove_picture(session: Session, file: MediaFile) -> str:
    """Delete it and return its key: the caller commits, then deletes the bytes."""
    session.delete(file)
    session.flush()
    return key_of(file)
