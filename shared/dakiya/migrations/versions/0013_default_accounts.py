"""One account of each workspace is its default; mails that others sent through one are counted."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "smtp_account",
        sa.Column("is_default", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.execute(
        "UPDATE smtp_account SET is_default = true WHERE id IN ("
        " SELECT min(id) FROM smtp_account WHERE deleted_at IS NULL GROUP BY workspace_id)"
    )
    op.create_index(
        "uq_smtp_account_default",
        "smtp_account",
        ["workspace_id"],
        unique=True,
        postgresql_where=sa.text("is_default"),
    )
    op.add_column("smtp_account", sa.Column("sent_elsewhere", sa.BigInteger(), nullable=True))
    op.add_column(
        "smtp_account", sa.Column("elsewhere_at", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("smtp_account", "elsewhere_at")
    op.drop_column("smtp_account", "sent_elsewhere")
    op.drop_index("uq_smtp_account_default", "smtp_account")
    op.drop_column("smtp_account", "is_default")
