"""Figures, undo, tests of campaigns, password resets, and imports that look first."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "password_reset",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), server_default="queued", nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=True),
        sa.Column(
            "requested_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('queued', 'mailing', 'mailed', 'failed')",
            name=op.f("ck_password_reset_status"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["app_user.id"],
            name=op.f("fk_password_reset_user_id_app_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_reset")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_password_reset_token_hash")),
    )
    op.create_index(
        "ix_password_reset_queued",
        "password_reset",
        ["requested_at"],
        unique=False,
        postgresql_where=sa.text("status = 'queued'"),
    )
    op.create_index(op.f("ix_password_reset_user_id"), "password_reset", ["user_id"], unique=False)
    op.create_table(
        "campaign_figure",
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("bounced", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unknown", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaign.id"],
            name=op.f("fk_campaign_figure_campaign_id_campaign"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("campaign_id", "begins_at", name=op.f("pk_campaign_figure")),
    )
    op.create_table(
        "progress_sample",
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaign.id"],
            name=op.f("fk_progress_sample_campaign_id_campaign"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("campaign_id", "taken_at", name=op.f("pk_progress_sample")),
    )
    op.create_table(
        "campaign_test",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("content_version_id", sa.BigInteger(), nullable=False),
        sa.Column("recipient_id", sa.BigInteger(), nullable=True),
        sa.Column("to_email", sa.Text(), nullable=False),
        sa.Column(
            "status",
            postgresql.ENUM(name="smtp_test_status", create_type=False),
            server_default="queued",
            nullable=False,
        ),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaign.id"],
            name=op.f("fk_campaign_test_campaign_id_campaign"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["content_version_id"],
            ["content_version.id"],
            name=op.f("fk_campaign_test_content_version_id_content_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_test")),
    )
    op.create_index(
        op.f("ix_campaign_test_campaign_id"), "campaign_test", ["campaign_id"], unique=False
    )
    op.add_column("app_user", sa.Column("theme", sa.Text(), server_default="auto", nullable=False))
    op.add_column("campaign", sa.Column("undo_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("campaign", sa.Column("figures_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "recipient_import",
        sa.Column("look_first", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column("recipient_import", sa.Column("preview", postgresql.JSONB(), nullable=True))
    op.add_column("recipient_import", sa.Column("mapping", postgresql.JSONB(), nullable=True))
    op.create_index(
        "ix_suppression_newest",
        "suppression",
        ["workspace_id", "created_at", "email_normalised"],
        unique=False,
    )
    op.create_check_constraint(
        op.f("ck_app_user_theme"), "app_user", "theme IN ('auto', 'light', 'dark')"
    )
    # A new value may be used only after the commit of the transaction that adds it.
    op.execute("ALTER TYPE import_status ADD VALUE IF NOT EXISTS 'waiting'")


def downgrade() -> None:
    # PostgreSQL cannot drop a value of an enum: "waiting" stays, and nothing uses it.
    op.execute("DELETE FROM recipient_import WHERE status::text = 'waiting'")
    op.drop_constraint(op.f("ck_app_user_theme"), "app_user", type_="check")

    op.drop_index("ix_suppression_newest", table_name="suppression")
    op.drop_column("recipient_import", "mapping")
    op.drop_column("recipient_import", "preview")
    op.drop_column("recipient_import", "look_first")
    op.drop_column("campaign", "figures_at")
    op.drop_column("campaign", "undo_until")
    op.drop_column("app_user", "theme")
    op.drop_index(op.f("ix_campaign_test_campaign_id"), table_name="campaign_test")
    op.drop_table("campaign_test")
    op.drop_table("progress_sample")
    op.drop_table("campaign_figure")
    op.drop_index(op.f("ix_password_reset_user_id"), table_name="password_reset")
    op.drop_index(
        "ix_password_reset_queued",
        table_name="password_reset",
        postgresql_where=sa.text("status = 'queued'"),
    )
    op.drop_table("password_reset")
