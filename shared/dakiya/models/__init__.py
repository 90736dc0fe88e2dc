"""Every table of Dakiya."""

from dakiya.models.base import Base
from dakiya.models.campaigns import (
    Campaign,
    CampaignCounter,
    CampaignStatus,
    ContentVersion,
    Template,
)
from dakiya.models.contacts import (
    ImportRejection,
    ImportStatus,
    Recipient,
    RecipientImport,
    Suppression,
    SuppressionReason,
)
from dakiya.models.ledger import Attempt, Batch, BatchState, Email, EmailState, Service, Tick
from dakiya.models.people import ApiToken, Membership, User, Workspace
from dakiya.models.smtp import PaceUsage, Security, SmtpAccount, SmtpTest, TestStatus

__all__ = [
    "ApiToken",
    "Attempt",
    "Base",
    "Batch",
    "BatchState",
    "Campaign",
    "CampaignCounter",
    "CampaignStatus",
    "ContentVersion",
    "Email",
    "EmailState",
    "ImportRejection",
    "ImportStatus",
    "Membership",
    "PaceUsage",
    "Recipient",
    "RecipientImport",
    "Security",
    "Service",
    "SmtpAccount",
    "SmtpTest",
    "Suppression",
    "SuppressionReason",
    "Template",
    "TestStatus",
    "Tick",
    "User",
    "Workspace",
]
