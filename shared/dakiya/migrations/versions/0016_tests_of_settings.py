"""A test of an account tells of the settings that it was made with, and of no later ones."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("smtp_account", "smtp_test"):
        op.add_column(
            table,
            sa.Column("settings_version", sa.BigInteger(), server_default="1", nullable=False),
        )


def downgrade() -> None:
    for table in ("smtp_test", "smtp_account"):
        op.drop_column(table, "settings_version")
