"""First schema."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "app_user",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("session_version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("timezone", sa.Text(), server_default="Asia/Kolkata", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deactivated_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_app_user_email_lower")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_user")),
        sa.UniqueConstraint("email", name=op.f("uq_app_user_email")),
    )
    op.create_table(
        "service",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service")),
    )
    op.create_table(
        "tick",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("ticked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("claimed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rung", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_tick_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tick")),
    )
    op.create_table(
        "workspace",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspace")),
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["app_user.id"],
            name=op.f("fk_api_token_user_id_app_user"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_api_token_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_index(op.f("ix_api_token_user_id"), "api_token", ["user_id"], unique=False)
    op.create_index(op.f("ix_api_token_workspace_id"), "api_token", ["workspace_id"], unique=False)
    op.create_table(
        "membership",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["app_user.id"],
            name=op.f("fk_membership_user_id_app_user"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_membership_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "user_id", name=op.f("pk_membership")),
    )
    op.create_index(op.f("ix_membership_user_id"), "membership", ["user_id"], unique=False)
    op.create_table(
        "smtp_account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("port", sa.BigInteger(), nullable=False),
        sa.Column(
            "security", sa.Enum("none", "starttls", "tls", name="smtp_security"), nullable=False
        ),
        sa.Column("username", sa.Text(), nullable=True),
        sa.Column("password_encrypted", sa.Text(), nullable=True),
        sa.Column("from_email", sa.Text(), nullable=False),
        sa.Column("from_name", sa.Text(), nullable=True),
        sa.Column("per_second", sa.BigInteger(), nullable=True),
        sa.Column("per_minute", sa.BigInteger(), nullable=True),
        sa.Column("per_hour", sa.BigInteger(), nullable=True),
        sa.Column("per_day", sa.BigInteger(), nullable=True),
        sa.Column("connections", sa.BigInteger(), server_default="4", nullable=False),
        sa.Column("mails_per_connection", sa.BigInteger(), server_default="100", nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pause_reason", sa.Text(), nullable=True),
        sa.Column("pause_detail", sa.Text(), nullable=True),
        sa.Column("trouble_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(paused_at IS NULL) = (pause_reason IS NULL)", name=op.f("ck_smtp_account_pause")
        ),
        sa.CheckConstraint(
            "connections BETWEEN 1 AND 50", name=op.f("ck_smtp_account_connections")
        ),
        sa.CheckConstraint(
            "mails_per_connection > 0", name=op.f("ck_smtp_account_mails_per_connection")
        ),
        sa.CheckConstraint(
            "per_second > 0 AND per_minute > 0 AND per_hour > 0 AND per_day > 0",
            name=op.f("ck_smtp_account_limits"),
        ),
        sa.CheckConstraint("port BETWEEN 1 AND 65535", name=op.f("ck_smtp_account_port")),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_smtp_account_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_smtp_account")),
    )
    op.create_index(
        "ix_smtp_account_workspace_id",
        "smtp_account",
        ["workspace_id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "template",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_template_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template")),
    )
    op.create_index(op.f("ix_template_workspace_id"), "template", ["workspace_id"], unique=False)
    op.create_table(
        "campaign",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "preparing",
                "scheduled",
                "sending",
                "pausing",
                "paused",
                "cancelling",
                "cancelled",
                "finished",
                name="campaign_status",
            ),
            server_default="draft",
            nullable=False,
        ),
        sa.Column("smtp_account_id", sa.BigInteger(), nullable=True),
        sa.Column("content_version_id", sa.BigInteger(), nullable=True),
        sa.Column("scheduled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("timezone", sa.Text(), server_default="Asia/Kolkata", nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("message_domain", sa.Text(), nullable=True),
        sa.Column("prepared_up_to", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status = 'draft' OR num_nulls(scheduled_at, smtp_account_id, content_version_id) = 0",
            name=op.f("ck_campaign_scheduled_is_complete"),
        ),
        sa.ForeignKeyConstraint(
            ["smtp_account_id"],
            ["smtp_account.id"],
            name=op.f("fk_campaign_smtp_account_id_smtp_account"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_campaign_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
    )
    op.create_index(
        "ix_campaign_active",
        "campaign",
        ["status"],
        unique=False,
        postgresql_where=sa.text("status NOT IN ('draft', 'finished', 'cancelled')"),
    )
    op.create_index("ix_campaign_smtp_account_id", "campaign", ["smtp_account_id"], unique=False)
    op.create_index("ix_campaign_workspace_id_id", "campaign", ["workspace_id", "id"], unique=False)
    op.create_table(
        "pace_usage",
        sa.Column("smtp_account_id", sa.BigInteger(), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mails", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("mails >= 0", name=op.f("ck_pace_usage_mails")),
        sa.ForeignKeyConstraint(
            ["smtp_account_id"],
            ["smtp_account.id"],
            name=op.f("fk_pace_usage_smtp_account_id_smtp_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("smtp_account_id", "start_at", name=op.f("pk_pace_usage")),
    )
    op.create_table(
        "smtp_test",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("smtp_account_id", sa.BigInteger(), nullable=False),
        sa.Column("to_email", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("queued", "running", "passed", "failed", name="smtp_test_status"),
            server_default="queued",
            nullable=False,
        ),
        sa.Column(
            "steps",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["smtp_account_id"],
            ["smtp_account.id"],
            name=op.f("fk_smtp_test_smtp_account_id_smtp_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_smtp_test")),
    )
    op.create_index(
        op.f("ix_smtp_test_smtp_account_id"), "smtp_test", ["smtp_account_id"], unique=False
    )
    op.create_table(
        "batch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("smtp_account_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("ready", "taken", "done", name="batch_state"),
            server_default="ready",
            nullable=False,
        ),
        sa.Column("mails", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("paced", sa.Boolean(), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rung_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_by", sa.Text(), nullable=True),
        sa.Column("lease_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'taken') = (lease_expires_at IS NOT NULL)",
            name=op.f("ck_batch_lease_while_taken"),
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaign.id"],
            name=op.f("fk_batch_campaign_id_campaign"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["smtp_account_id"],
            ["smtp_account.id"],
            name=op.f("fk_batch_smtp_account_id_smtp_account"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_batch_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
    )
    op.create_index("ix_batch_campaign_id_id", "batch", ["campaign_id", "id"], unique=False)
    op.create_index(
        "ix_batch_done",
        "batch",
        ["finished_at"],
        unique=False,
        postgresql_where=sa.text("state = 'done'"),
    )
    op.create_index(
        "ix_batch_open",
        "batch",
        ["smtp_account_id", "state"],
        unique=False,
        postgresql_where=sa.text("state IN ('ready', 'taken')"),
    )
    op.create_index(
        "ix_batch_open_campaign",
        "batch",
        ["campaign_id"],
        unique=False,
        postgresql_where=sa.text("state IN ('ready', 'taken')"),
    )
    op.create_table(
        "campaign_counter",
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("pending", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("claimed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("sending", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("sent", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("deferred", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unknown", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("bounced", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cancelled", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("suppressed", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaign.id"],
            name=op.f("fk_campaign_counter_campaign_id_campaign"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("campaign_id", "slot", name=op.f("pk_campaign_counter")),
    )
    op.create_table(
        "content_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaign.id"],
            name=op.f("fk_content_version_campaign_id_campaign"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_version")),
        sa.UniqueConstraint(
            "campaign_id", "number", name=op.f("uq_content_version_campaign_id_number")
        ),
    )
    # campaign and content_version point at each other
    op.create_foreign_key(
        op.f("fk_campaign_content_version_id_content_version"),
        "campaign",
        "content_version",
        ["content_version_id"],
        ["id"],
    )
    op.create_table(
        "recipient",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_normalised", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "fields",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "email !~ '[[:cntrl:][:space:]]'", name=op.f("ck_recipient_email_printable")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaign.id"],
            name=op.f("fk_recipient_campaign_id_campaign"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_recipient_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipient")),
        sa.UniqueConstraint(
            "campaign_id",
            "email_normalised",
            name=op.f("uq_recipient_campaign_id_email_normalised"),
        ),
        sa.UniqueConstraint("campaign_id", "id", name=op.f("uq_recipient_campaign_id_id")),
    )
    op.create_table(
        "recipient_import",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column(
            "status",
            sa.Enum("queued", "running", "done", "refused", "cancelled", name="import_status"),
            server_default="queued",
            nullable=False,
        ),
        sa.Column(
            "columns",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "file_format",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("rows_done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("accepted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rejected", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("lease_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "rung_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaign.id"],
            name=op.f("fk_recipient_import_campaign_id_campaign"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_recipient_import_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipient_import")),
    )
    op.create_index(
        op.f("ix_recipient_import_campaign_id"), "recipient_import", ["campaign_id"], unique=False
    )
    op.create_index(
        "ix_recipient_import_open",
        "recipient_import",
        ["status"],
        unique=False,
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )
    op.create_table(
        "suppression",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("email_normalised", sa.Text(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum("unsubscribed", "bounced", "complained", "manual", name="suppression_reason"),
            nullable=False,
        ),
        sa.Column("campaign_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaign.id"],
            name=op.f("fk_suppression_campaign_id_campaign"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_suppression_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "email_normalised", name=op.f("pk_suppression")),
    )
    op.create_index(
        op.f("ix_suppression_campaign_id"), "suppression", ["campaign_id"], unique=False
    )
    op.create_table(
        "email",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("recipient_id", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "claimed",
                "sending",
                "sent",
                "deferred",
                "failed",
                "unknown",
                "bounced",
                "cancelled",
                "suppressed",
                name="email_state",
            ),
            server_default="pending",
            nullable=False,
        ),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("reply_code", sa.SmallInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reply_text", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state IN ('sent', 'bounced')) = (sent_at IS NOT NULL)", name=op.f("ck_email_sent_at")
        ),
        sa.CheckConstraint(
            "state NOT IN ('claimed', 'sending') OR batch_id IS NOT NULL",
            name=op.f("ck_email_in_a_batch"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('sending', 'unknown') OR fence > 0", name=op.f("ck_email_fenced")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id", "recipient_id"],
            ["recipient.campaign_id", "recipient.id"],
            name=op.f("fk_email_campaign_id_recipient"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email")),
        sa.UniqueConstraint(
            "campaign_id", "recipient_id", name=op.f("uq_email_campaign_id_recipient_id")
        ),
    )
    op.create_index(
        "ix_email_due",
        "email",
        ["campaign_id", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('pending', 'deferred')"),
    )
    op.create_index(
        "ix_email_exceptions",
        "email",
        ["campaign_id", "state", "recipient_id"],
        unique=False,
        postgresql_where=sa.text(
            "state IN ('deferred', 'failed', 'unknown', 'bounced', 'cancelled', 'suppressed')"
        ),
    )
    op.create_index(
        "ix_email_on_its_way",
        "email",
        ["batch_id"],
        unique=False,
        postgresql_where=sa.text("state IN ('claimed', 'sending')"),
    )
    op.create_table(
        "import_rejection",
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["recipient_import.id"],
            name=op.f("fk_import_rejection_import_id_recipient_import"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("import_id", "row", name=op.f("pk_import_rejection")),
    )
    op.create_table(
        "attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "pending",
                "claimed",
                "sending",
                "sent",
                "deferred",
                "failed",
                "unknown",
                "bounced",
                "cancelled",
                "suppressed",
                name="email_state",
            ),
            nullable=False,
        ),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("reply_code", sa.SmallInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reply_text", sa.Text(), nullable=True),
        sa.Column(
            "ended_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["email_id"], ["email.id"], name=op.f("fk_attempt_email_id_email"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    op.create_index(op.f("ix_attempt_email_id"), "attempt", ["email_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_attempt_email_id"), table_name="attempt")
    op.drop_table("attempt")
    op.drop_table("import_rejection")
    op.drop_index(
        "ix_email_on_its_way",
        table_name="email",
        postgresql_where=sa.text("state IN ('claimed', 'sending')"),
    )
    op.drop_index(
        "ix_email_exceptions",
        table_name="email",
        postgresql_where=sa.text(
            "state IN ('deferred', 'failed', 'unknown', 'bounced', 'cancelled', 'suppressed')"
        ),
    )
    op.drop_index(
        "ix_email_due",
        table_name="email",
        postgresql_where=sa.text("state IN ('pending', 'deferred')"),
    )
    op.drop_table("email")
    op.drop_index(op.f("ix_suppression_campaign_id"), table_name="suppression")
    op.drop_table("suppression")
    op.drop_index(
        "ix_recipient_import_open",
        table_name="recipient_import",
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )
    op.drop_index(op.f("ix_recipient_import_campaign_id"), table_name="recipient_import")
    op.drop_table("recipient_import")
    op.drop_table("recipient")
    op.drop_constraint(
        op.f("fk_campaign_content_version_id_content_version"), "campaign", type_="foreignkey"
    )
    op.drop_table("content_version")
    op.drop_table("campaign_counter")
    op.drop_index(
        "ix_batch_open_campaign",
        table_name="batch",
        postgresql_where=sa.text("state IN ('ready', 'taken')"),
    )
    op.drop_index(
        "ix_batch_open", table_name="batch", postgresql_where=sa.text("state IN ('ready', 'taken')")
    )
    op.drop_index("ix_batch_done", table_name="batch", postgresql_where=sa.text("state = 'done'"))
    op.drop_index("ix_batch_campaign_id_id", table_name="batch")
    op.drop_table("batch")
    op.drop_index(op.f("ix_smtp_test_smtp_account_id"), table_name="smtp_test")
    op.drop_table("smtp_test")
    op.drop_table("pace_usage")
    op.drop_index("ix_campaign_workspace_id_id", table_name="campaign")
    op.drop_index("ix_campaign_smtp_account_id", table_name="campaign")
    op.drop_index(
        "ix_campaign_active",
        table_name="campaign",
        postgresql_where=sa.text("status NOT IN ('draft', 'finished', 'cancelled')"),
    )
    op.drop_table("campaign")
    op.drop_index(op.f("ix_template_workspace_id"), table_name="template")
    op.drop_table("template")
    op.drop_index(
        "ix_smtp_account_workspace_id",
        table_name="smtp_account",
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.drop_table("smtp_account")
    op.drop_index(op.f("ix_membership_user_id"), table_name="membership")
    op.drop_table("membership")
    op.drop_index(op.f("ix_api_token_workspace_id"), table_name="api_token")
    op.drop_index(op.f("ix_api_token_user_id"), table_name="api_token")
    op.drop_table("api_token")
    op.drop_table("workspace")
    op.drop_table("tick")
    op.drop_table("service")
    op.drop_table("app_user")
    for name in (
        "batch_state",
        "campaign_status",
        "email_state",
        "import_status",
        "smtp_security",
        "smtp_test_status",
        "suppression_reason",
    ):
        op.execute(f"DROP TYPE {name}")
