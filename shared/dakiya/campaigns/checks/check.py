"""All checks of a draft, in one list."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dakiya.campaigns.checks.anatomy import Anatomy, anatomy_of_html, anatomy_of_text
from dakiya.campaigns.checks.finding import Finding, Level, Place, stop, warn
from dakiya.campaigns.checks.links import check_links, urls_to_visit
from dakiya.campaigns.checks.pictures import check_pictures
from dakiya.campaigns.checks.sender import check_domain, check_sender
from dakiya.campaigns.checks.writing import check_size, check_subject, check_tags, check_words
from dakiya.campaigns.drafts import MissingField, check_ready
from dakiya.domains.records import Findings
from dakiya.domains.register import addresses_of_server, domain_of, find_check
from dakiya.errors import InvalidInput
from dakiya.link_checks.register import known_of
from dakiya.mail.bodies import MessageError
from dakiya.mail.merge import parse
from dakiya.mail.preview import render_preview
from dakiya.media.library import PATH, path_of
from dakiya.models import (
    Campaign,
    ContentKind,
    ContentVersion,
    LinkCheck,
    MediaFile,
    SmtpAccount,
    Workspace,
)

# A library's picture: …/m/TOKEN/name.
_TOKEN_AT = 1
_DETAILS = frozenset({"smtp_account_id", "recipients"})


@dataclass(frozen=True)
class Checked:
    """What was found; ``waiting`` addresses are still being visited, ``urls`` are all of them."""

    findings: Sequence[Finding]
    urls: Sequence[str] = ()
    waiting: int = 0

    @property
    def errors(self) -> list[Finding]:
        """What stands in the way."""
        return [finding for finding in self.findings if finding.level is Level.ERROR]

    @property
    def warnings(self) -> list[Finding]:
        """What its owner has to say yes to."""
        return [finding for finding in self.findings if finding.level is Level.WARNING]

    @property
    def notes(self) -> list[Finding]:
        """What is good to know."""
        return [finding for finding in self.findings if finding.level is Level.NOTE]

    @property
    def errors_by_field(self) -> dict[str, list[str]]:
        """The errors as the API tells them."""
        found: dict[str, list[str]] = {}
        for error in self.errors:
            found.setdefault(error.field, []).append(error.text)
        return found


def check_campaign(session: Session, campaign: Campaign, *, public_url: str) -> Checked:
    """Check a draft: account, recipients, fields, and everything about what it says.

    Visits nothing: it tells what earlier visits have found. Raises IllegalState while a recipient
    file is being read.
    """
    ready = check_ready(session, campaign)
    findings = [
        stop(
            f"ready.{part}",
            text,
            place=Place.DETAILS if part in _DETAILS else Place.CONTENT,
            field=part,
            find=_tag(*ready.unknown.get(part, [])[at : at + 1]),
        )
        for part, texts in ready.errors.items()
        for at, text in enumerate(texts)
    ]
    bare = _fields_without_default(campaign.content)
    findings += [
        _missing(missing, is_bare=missing.field in bare, field=_part_with(campaign, missing.field))
        for missing in ready.warnings
    ]
    account = campaign.smtp_account
    if account is not None and account.deleted_at is None:
        findings += check_sender(account) or _known_of_domain(session, account)
    if campaign.content is None:
        return Checked(findings)
    workspace = session.get_one(Workspace, campaign.workspace_id)
    return _check_content(
        session, campaign.content, workspace, findings=findings, public_url=public_url
    )


def _known_of_domain(session: Session, account: SmtpAccount) -> list[Finding]:
    """Tell what the last look-up of the From's domain has found, if there was one."""
    known = find_check(session, domain_of(account.from_email))
    if known is None or not known.findings:
        return []
    addresses = addresses_of_server(session, account)
    return check_domain(account, Findings.read(known.findings), addresses=addresses)


def _check_content(
    session: Session,
    content: ContentVersion,
    workspace: Workspace,
    *,
    findings: list[Finding],
    public_url: str,
) -> Checked:
    own = _own(public_url)
    html = content.html_sent
    mail = anatomy_of_html(html) if html is not None else anatomy_of_text(content.text or "")
    text = _text_links(content, mail)
    urls = list(dict.fromkeys(urls_to_visit(mail, own=own) + urls_to_visit(text, own=own)))
    known = known_of(session, urls, workspace_id=workspace.id)
    sizes, gone = _library(session, mail, workspace, own)
    findings += check_subject(content.subject)
    findings += check_words(mail, content.subject)
    findings += check_links(mail, known.found, own=own)
    findings += check_links(text, known.found, own=own, part="text")
    findings += check_pictures(
        mail, {**_sizes(known.found), **sizes}, own=own, missing=gone, public_url=public_url,
        undecided=_undescribed(content.source or {}),
    )  # fmt: skip
    findings += check_size(_sent_bytes(content, html, workspace))
    if content.kind is ContentKind.HTML:
        findings += check_tags(content.html)
    if not (workspace.postal_address or "").strip():
        findings.append(
            warn(
                "address.missing",
                "Your mails carry no postal address. The law of many countries asks for one.",
                place=Place.PROFILE,
            )
        )
    return Checked(findings, urls, known.waiting)


def _fields_without_default(content: ContentVersion | None) -> set[str]:
    """Return the fields that leave a hole in the mail of whoever lacks them."""
    if content is None:
        return set()
    parts = (content.subject, content.preheader, content.html, content.text or "")
    found: set[str] = set()
    for part in parts:
        with suppress(InvalidInput):
            template = parse(part)
            found |= template.always - template.defaults
    return found


def _part_with(campaign: Campaign, field: str) -> str:
    """Name the first part of a mail that has a field."""
    content = campaign.content
    for part in ("subject", "preheader", "html", "text") if content is not None else ():
        with suppress(InvalidInput):
            if field in parse(getattr(content, part) or "").fields:
                return part
    return "html"


def _tag(name: str = "") -> str:
    """Return how the tag of a field begins."""
    return f"{{{{ {name}" if name else ""


def _missing(missing: MissingField, *, is_bare: bool, field: str) -> Finding:
    have = "has" if missing.missing == 1 else "have"
    return Finding(
        "fields.missing",
        Level.WARNING if is_bare else Level.NOTE,
        Place.CONTENT,
        f"{missing.missing:,} of {missing.of:,} {have} no {missing.field}: their mail shows the "
        "default, or nothing.",
        field=field,
        find=_tag(missing.field),
        missing=missing,
    )


def _text_links(content: ContentVersion, mail: Anatomy) -> Anatomy:
    """Return the links of a text part that somebody wrote, but for those of the HTML."""
    if content.kind is ContentKind.TEXT or not content.text:
        return Anatomy()
    told = {link.url for link in mail.links}
    links = [link for link in anatomy_of_text(content.text).links if link.url not in told]
    return Anatomy(links=links)


def _undescribed(node: Mapping[str, Any]) -> set[str]:
    """Return the pictures of a rich document that are neither described nor decoration."""
    attrs = node.get("attrs") or {}
    found = {url for child in node.get("content") or () for url in _undescribed(child)}
    if node.get("type") == "image" and not (attrs.get("alt") or attrs.get("decorative")):
        found.add(str(attrs.get("src")).strip())
    return found


def _own(public_url: str) -> Callable[[str], bool]:
    """Tell addresses of this installation: they are not visited, and need no encryption here."""
    place = public_url.rstrip("/") + "/"
    return lambda url: url.startswith(place)


def _sizes(known: Mapping[str, LinkCheck]) -> dict[str, int]:
    return {
        url: check.size_bytes
        for url, check in known.items()
        if check.size_bytes is not None and (check.content_type or "").startswith("image/")
    }


def _library(
    session: Session, mail: Anatomy, workspace: Workspace, own: Callable[[str], bool]
) -> tuple[dict[str, int], frozenset[str]]:
    """Return the sizes of the library's pictures in a mail, and those that are gone."""
    by_token = {
        token: picture.url
        for picture in mail.pictures
        if own(picture.url) and (token := _token_of(picture.url))
    }
    files: Collection[MediaFile] = session.scalars(
        select(MediaFile).where(
            MediaFile.workspace_id == workspace.id, MediaFile.token.in_(by_token)
        )
    ).all()
    there = {file.token for file in files if by_token[file.token].endswith(path_of(file))}
    sizes = {by_token[file.token]: file.size_bytes for file in files}
    return sizes, frozenset(url for token, url in by_token.items() if token not in there)


def _token_of(url: str) -> str:
    parts = url.partition(f"{PATH}/")[2].split("/")
    # The starters' pictures are ours, and always there.
    is_ours = parts[0].startswith("starter-")
    return parts[0] if len(parts) == _TOKEN_AT + 1 and not is_ours else ""


def _sent_bytes(content: ContentVersion, html: str | None, workspace: Workspace) -> int:
    """Return the size of the HTML that goes out, with its footer; fields hardly change it."""
    if html is None:
        return 0
    try:
        shown = render_preview(
            content.subject, html, content.text, preheader=content.preheader,
            language=content.language,
            postal_address=workspace.postal_address or "", envelope="you@example.com", name="",
            values={}, unsubscribe_url="https://example.com/u/" + "x" * 60,
        )  # fmt: skip
    except (InvalidInput, MessageError):
        return len(html.encode())
    return len((shown.html or "").encode())
