"""Messages of a campaign: compiled once per content version and account, filled per mail."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dakiya.campaigns.message_ids import message_id_of
from dakiya.delivery.ledger import ClaimedEmail
from dakiya.log import get_logger
from dakiya.mail.compiled import Addressee, CompiledMessage, Content, Sender, compile_message
from dakiya.mail.links import UnsubscribeRef, unsubscribe_token
from dakiya.models import Campaign, ContentVersion, SmtpAccount, Workspace
from dakiya_sender.smtp import Envelope

log = get_logger(__name__)

CACHED = 64


@dataclass(frozen=True)
class CampaignMessage:
    """A campaign's compiled message and what its Message-IDs and links are made of."""

    compiled: CompiledMessage
    campaign_id: int
    token: str
    domain: str
    mail_from: str

    def build(
        self, mail: ClaimedEmail, *, public_url: str, link_key: bytes, eight_bit: bool = False
    ) -> bytes:
        """Build one recipient's mail. Raises TemplateError or MessageError: that row fails."""
        ref = UnsubscribeRef(self.campaign_id, mail.recipient_id)
        return self.compiled.fill(
            Addressee(mail.email, mail.name or None, mail.fields),
            message_id=message_id_of(
                campaign_id=self.campaign_id,
                token=self.token,
                domain=self.domain,
                recipient_id=mail.recipient_id,
            ),
            date=datetime.now(UTC),
            unsubscribe_url=f"{public_url}/u/{unsubscribe_token(link_key, ref)}",
            unsubscribe_mailto=None,
            eight_bit=eight_bit,
        )


class BatchMessages:
    """The messages of a batch's mails, from when they are first wanted until their turn is over.

    `eight_bit`: the connection that they are built for takes bodies as they are (8BITMIME).
    """

    def __init__(self, message: CampaignMessage, *, public_url: str, link_key: bytes) -> None:
        self._message = message
        self._public_url = public_url
        self._link_key = link_key
        self._built: dict[int, bytes] = {}
        self._eight_bit = False

    def adapt_to(self, *, eight_bit: bool) -> None:
        """Build for this kind of connection from here on."""
        if eight_bit != self._eight_bit:
            self._eight_bit = eight_bit
            self._built.clear()

    def build(self, mail: ClaimedEmail) -> bytes:
        """Return a mail's message. Raises TemplateError or MessageError: that row fails."""
        if mail.id not in self._built:
            self._built[mail.id] = self._message.build(
                mail,
                public_url=self._public_url,
                link_key=self._link_key,
                eight_bit=self._eight_bit,
            )
        return self._built[mail.id]

    def envelope(self, mail: ClaimedEmail) -> Envelope:
        """Return a mail's envelope; raises what ``build`` raises."""
        return Envelope(
            self._message.mail_from, mail.email, len(self.build(mail)), eight_bit=self._eight_bit
        )

    def build_ahead(self, mails: Sequence[ClaimedEmail]) -> None:
        """Build messages that will be wanted soon; never raises."""
        try:
            for mail in mails:
                self.build(mail)
        except Exception as error:  # noqa: BLE001 - it is met again when the mail has its turn
            log.info("mail_not_built_ahead", error=type(error).__name__)

    def forget(self, mail: ClaimedEmail) -> None:
        """Let go of a message whose mail has had its turn."""
        self._built.pop(mail.id, None)


class MessageCache:
    """The compiled messages of this process, least recently used ones forgotten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: OrderedDict[tuple[object, ...], CampaignMessage] = OrderedDict()

    def get(self, session: Session, campaign_id: int, account: SmtpAccount) -> CampaignMessage:
        """Return a campaign's message. Raises TemplateError or MessageError: no mail can go out."""
        campaign, address = session.execute(
            select(Campaign, Workspace.postal_address)
            .join(Workspace, Workspace.id == Campaign.workspace_id)
            .where(Campaign.id == campaign_id)
        ).one()
        version_id = campaign.content_version_id
        key = (campaign_id, version_id, account.from_email, account.from_name, address)
        with self._lock:
            if key in self._messages:
                self._messages.move_to_end(key)
                return self._messages[key]
        message = _compile(session, campaign, account, address or "")
        with self._lock:
            self._messages[key] = message
            while len(self._messages) > CACHED:
                self._messages.popitem(last=False)
        return message


def _compile(
    session: Session, campaign: Campaign, account: SmtpAccount, postal_address: str
) -> CampaignMessage:
    version = session.get_one(ContentVersion, campaign.content_version_id)
    domain = campaign.message_domain or account.from_email.rpartition("@")[2]
    content = content_of(campaign, version, domain=domain, postal_address=postal_address)
    return CampaignMessage(
        compiled=compile_message(content, sender_of(account)),
        campaign_id=campaign.id,
        token=campaign.token,
        domain=domain,
        mail_from=account.from_email,
    )


def content_of(
    campaign: Campaign, version: ContentVersion, *, domain: str, postal_address: str
) -> Content:
    """Return what a version of a campaign says, as the compiler takes it."""
    return Content(
        subject=version.subject,
        html=version.html_sent,
        text=version.text,
        list_id=f"dakiya-{campaign.workspace_id}.{domain}",
        campaign_id=campaign.id,
        workspace_id=campaign.workspace_id,
        preheader=version.preheader,
        language=version.language,
        postal_address=postal_address,
    )


def sender_of(account: SmtpAccount) -> Sender:
    """Return who an account's mails come from."""
    return Sender(account.from_email, account.from_name or "")
