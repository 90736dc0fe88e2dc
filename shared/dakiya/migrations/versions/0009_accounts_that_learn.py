"""Accounts learn a pace from their servers, and their people are told of lasting trouble."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    for name in ("trouble_since", "noticed_at", "slowed_at"):
        op.add_column("smtp_account", sa.Column(name, instant, nullable=True))
    for name in ("slowed_to", "slowed_from"):
        op.add_column("smtp_account", sa.Column(name, sa.BigInteger(), nullable=True))
    op.execute("UPDATE smtp_account SET trouble_since = paused_at")
    op.create_check_constraint(
        op.f("ck_smtp_account_slowed"),
        "smtp_account",
        "num_nulls(slowed_to, slowed_from, slowed_at) IN (0, 3)"
        " AND slowed_to BETWEEN 1 AND slowed_from",
    )
    op.create_table(
        "trouble_notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("smtp_account_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), server_default="queued", nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("since", instant, nullable=False),
        sa.Column("tries_again_at", instant, nullable=True),
        sa.Column("created_at", instant, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('queued', 'mailing', 'mailed', 'failed')",
            name=op.f("ck_trouble_notice_status"),
        ),
        sa.ForeignKeyConstraint(
            ["smtp_account_id"],
            ["smtp_account.id"],
            name=op.f("fk_trouble_notice_smtp_account_id_smtp_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trouble_notice")),
    )
    op.create_index(
        op.f("ix_trouble_notice_smtp_account_id"), "trouble_notice", ["smtp_account_id"]
    )
    op.create_index(
        "ix_trouble_notice_queued",
        "trouble_notice",
        ["created_at"],
        postgresql_where=sa.text("status = 'queued'"),
    )


def downgrade() -> None:
    op.drop_table("trouble_notice")
    op.drop_constraint(op.f("ck_smtp_account_slowed"), "smtp_account")
    for name in ("slowed_from", "slowed_to", "slowed_at", "noticed_at", "trouble_since"):
        op.drop_column("smtp_account", name)
