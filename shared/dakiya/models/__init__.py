"""Every table of Dakiya."""

from dakiya.models.base import Base
from dakiya.models.campaigns import (
    Campaign,
    CampaignCounter,
    CampaignFigure,
    CampaignStatus,
    CampaignTest,
    ContentVersion,
    ProgressSample,
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
from dakiya.models.people import (
    ApiToken,
    LoginSession,
    Membership,
    PasswordReset,
    ResetStatus,
    Theme,
    User,
    Workspace,
)
from dakiya.models.smtp import PaceUsage, Security, SmtpAccount, SmtpTest, TestStatus

__all__ = [
    "ApiToken",
    "Attempt",
    "Base",
    "Batch",
    "BatchState",
    "Campaign",
    "CampaignCounter",
    "CampaignFigure",
    "CampaignStatus",
    "CampaignTest",
    "ContentVersion",
    "Email",
    "EmailState",
    "ImportRejection",
    "ImportStatus",
    "LoginSession",
    "Membership",
    "PaceUsage",
    "PasswordReset",
    "ProgressSample",
    "Recipient",
    "RecipientImport",
    "ResetStatus",
    "Security",
    "Service",
    "SmtpAccount",
    "SmtpTest",
    "Suppression",
    "SuppressionReason",
    "Template",
    "TestStatus",
    "Theme",
    "Tick",
    "User",
    "Workspace",
]
