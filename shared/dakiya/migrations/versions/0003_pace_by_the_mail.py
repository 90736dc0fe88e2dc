"""The pace is counted by the mail, in buckets of each window, instead of by the batch."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("batch", "paced")
    op.rename_table("pace_usage", "pace_usage_by_batch")
    op.execute(
        "ALTER TABLE pace_usage_by_batch RENAME CONSTRAINT pk_pace_usage TO pk_pace_usage_by_batch"
    )
    op.create_table(
        "pace_usage",
        sa.Column("smtp_account_id", sa.BigInteger(), nullable=False),
        sa.Column("window_s", sa.Integer(), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mails", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("mails >= 0", name=op.f("ck_pace_usage_mails")),
        sa.ForeignKeyConstraint(
            ["smtp_account_id"],
            ["smtp_account.id"],
            name=op.f("fk_pace_usage_smtp_account_id_smtp_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "smtp_account_id", "window_s", "start_at", name=op.f("pk_pace_usage")
        ),
    )
    # What was sent before still counts in the hour and the day that follow.
    op.execute(
        "INSERT INTO pace_usage (smtp_account_id, window_s, start_at, mails)"
        " SELECT smtp_account_id, window_s,"
        "        date_bin(make_interval(secs => window_s / 100.0), start_at, 'epoch'), sum(mails)"
        "   FROM pace_usage_by_batch, unnest(ARRAY[60, 3600, 86400]) AS window_s"
        "  WHERE mails > 0 GROUP BY 1, 2, 3"
    )
    op.drop_table("pace_usage_by_batch")


def downgrade() -> None:
    op.execute("DELETE FROM pace_usage WHERE window_s <> 86400")
    op.drop_constraint("pk_pace_usage", "pace_usage")
    op.drop_column("pace_usage", "window_s")
    op.create_primary_key("pk_pace_usage", "pace_usage", ["smtp_account_id", "start_at"])
    op.add_column(
        "batch", sa.Column("paced", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.alter_column("batch", "paced", server_default=None)
