"""Mails about trouble are tried again, and keep what the server said to them."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    now = sa.text("now()")
    op.add_column(
        "trouble_notice", sa.Column("tries", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column(
        "trouble_notice", sa.Column("due_at", instant, server_default=now, nullable=False)
    )
    op.add_column("trouble_notice", sa.Column("taken_at", instant, nullable=True))
    op.add_column("trouble_notice", sa.Column("answer", sa.Text(), nullable=True))
    op.execute("UPDATE trouble_notice SET due_at = created_at")
    op.drop_index("ix_trouble_notice_queued", table_name="trouble_notice")
    op.create_index(
        "ix_trouble_notice_open",
        "trouble_notice",
        ["due_at"],
        postgresql_where=sa.text("status IN ('queued', 'mailing')"),
    )
    _allow("'queued', 'mailing', 'mailed', 'failed', 'needless'")


def downgrade() -> None:
    op.execute("UPDATE trouble_notice SET status = 'failed' WHERE status = 'needless'")
    _allow("'queued', 'mailing', 'mailed', 'failed'")
    op.drop_index("ix_trouble_notice_open", table_name="trouble_notice")
    op.create_index(
        "ix_trouble_notice_queued",
        "trouble_notice",
        ["created_at"],
        postgresql_where=sa.text("status = 'queued'"),
    )
    for name in ("answer", "taken_at", "due_at", "tries"):
        op.drop_column("trouble_notice", name)


def _allow(statuses: str) -> None:
    op.drop_constraint(op.f("ck_trouble_notice_status"), "trouble_notice")
    op.create_check_constraint(
        op.f("ck_trouble_notice_status"), "trouble_notice", f"status IN ({statuses})"
    )
