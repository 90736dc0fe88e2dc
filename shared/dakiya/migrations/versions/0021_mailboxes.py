"""Accounts of one mailbox share its limits, its connections and the pace that it has learned."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# Nobody has proved a login yet: each workspace has its mailboxes for itself until it has.
_KEYED = """
    WITH keyed AS (
        SELECT id, workspace_id,
               rtrim(lower(host), '.') || ' ' || lower(btrim(username)) AS key
          FROM smtp_account
         WHERE btrim(coalesce(username, '')) <> ''
           AND lower(btrim(username)) NOT IN
               ('api', 'apikey', 'emailapikey', 'resend', 'smtp_injection'))
"""


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "mailbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("workspace_id", sa.BigInteger(), nullable=True),
        sa.Column("slowed_to", sa.BigInteger(), nullable=True),
        sa.Column("slowed_from", sa.BigInteger(), nullable=True),
        sa.Column("slowed_at", instant, nullable=True),
        sa.Column("created_at", instant, server_default=sa.text("now()"), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("key IS NOT NULL OR workspace_id IS NULL", name=op.f("ck_mailbox_key")),
        sa.CheckConstraint(
            "num_nulls(slowed_to, slowed_from, slowed_at) IN (0, 3)"
            " AND slowed_to BETWEEN 1 AND slowed_from",
            name=op.f("ck_mailbox_slowed"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_mailbox_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailbox")),
    )
    op.create_index(
        "uq_mailbox_proved",
        "mailbox",
        ["key"],
        unique=True,
        postgresql_where=sa.text("workspace_id IS NULL"),
    )
    op.create_index(
        "uq_mailbox_claimed",
        "mailbox",
        ["workspace_id", "key"],
        unique=True,
        postgresql_where=sa.text("workspace_id IS NOT NULL"),
    )
    op.add_column("smtp_account", sa.Column("mailbox_id", sa.BigInteger(), nullable=True))
    op.execute(
        _KEYED + "INSERT INTO mailbox (key, workspace_id)"  # noqa: S608 - of our own constants
        " SELECT DISTINCT key, workspace_id"
        " FROM keyed ORDER BY key, workspace_id"
    )
    op.execute(
        _KEYED + "UPDATE smtp_account SET mailbox_id = mailbox.id"  # noqa: S608 - as above
        " FROM keyed JOIN mailbox"
        " ON mailbox.key = keyed.key"
        " AND mailbox.workspace_id = keyed.workspace_id"
        " WHERE keyed.id = smtp_account.id"
    )
    op.execute(
        "INSERT INTO mailbox (account_id)"
        " SELECT id FROM smtp_account WHERE mailbox_id IS NULL ORDER BY id"
    )
    op.execute(
        "UPDATE smtp_account SET mailbox_id = mailbox.id FROM mailbox"
        " WHERE mailbox.account_id = smtp_account.id"
    )
    op.drop_column("mailbox", "account_id")
    op.alter_column("smtp_account", "mailbox_id", nullable=False)
    op.create_foreign_key(
        op.f("fk_smtp_account_mailbox_id_mailbox"),
        "smtp_account",
        "mailbox",
        ["mailbox_id"],
        ["id"],
    )
    op.create_index(op.f("ix_smtp_account_mailbox_id"), "smtp_account", ["mailbox_id"])
    op.execute(
        "UPDATE mailbox SET slowed_to = told.slowed_to, slowed_from = told.slowed_from,"
        "       slowed_at = told.slowed_at"
        "  FROM (SELECT DISTINCT ON (mailbox_id) * FROM smtp_account WHERE slowed_at IS NOT NULL"
        "         ORDER BY mailbox_id, slowed_at DESC) AS told"
        " WHERE told.mailbox_id = mailbox.id"
    )
    op.drop_constraint(op.f("ck_smtp_account_slowed"), "smtp_account")
    for name in ("slowed_to", "slowed_from", "slowed_at"):
        op.drop_column("smtp_account", name)
    op.rename_table("pace_usage", "pace_usage_by_account")
    op.execute(
        "ALTER TABLE pace_usage_by_account"
        " RENAME CONSTRAINT pk_pace_usage TO pk_pace_usage_by_account"
    )
    _create_usage("mailbox")
    op.execute(
        "INSERT INTO pace_usage (mailbox_id, window_s, start_at, mails)"
        " SELECT account.mailbox_id, used.window_s, used.start_at, sum(used.mails)"
        "   FROM pace_usage_by_account used"
        "   JOIN smtp_account account ON account.id = used.smtp_account_id GROUP BY 1, 2, 3"
    )
    op.drop_table("pace_usage_by_account")


def downgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.rename_table("pace_usage", "pace_usage_by_mailbox")
    op.execute(
        "ALTER TABLE pace_usage_by_mailbox"
        " RENAME CONSTRAINT pk_pace_usage TO pk_pace_usage_by_mailbox"
    )
    _create_usage("smtp_account")
    # Each account keeps what all of them have used: nothing is exceeded.
    op.execute(
        "INSERT INTO pace_usage (smtp_account_id, window_s, start_at, mails)"
        " SELECT account.id, used.window_s, used.start_at, used.mails"
        "   FROM pace_usage_by_mailbox used"
        "   JOIN smtp_account account ON account.mailbox_id = used.mailbox_id"
    )
    op.drop_table("pace_usage_by_mailbox")
    for name in ("slowed_to", "slowed_from"):
        op.add_column("smtp_account", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("smtp_account", sa.Column("slowed_at", instant, nullable=True))
    op.execute(
        "UPDATE smtp_account SET slowed_to = mailbox.slowed_to, slowed_from = mailbox.slowed_from,"
        "       slowed_at = mailbox.slowed_at"
        "  FROM mailbox WHERE mailbox.id = smtp_account.mailbox_id"
    )
    op.create_check_constraint(
        op.f("ck_smtp_account_slowed"),
        "smtp_account",
        "num_nulls(slowed_to, slowed_from, slowed_at) IN (0, 3)"
        " AND slowed_to BETWEEN 1 AND slowed_from",
    )
    op.drop_column("smtp_account", "mailbox_id")
    op.drop_table("mailbox")


def _create_usage(owner: str) -> None:
    op.create_table(
        "pace_usage",
        sa.Column(f"{owner}_id", sa.BigInteger(), nullable=False),
        sa.Column("window_s", sa.Integer(), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mails", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("mails >= 0", name=op.f("ck_pace_usage_mails")),
        sa.ForeignKeyConstraint(
            [f"{owner}_id"],
            [f"{owner}.id"],
            name=op.f(f"fk_pace_usage_{owner}_id_{owner}"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(f"{owner}_id", "window_s", "start_at", name=op.f("pk_pace_usage")),
    )
