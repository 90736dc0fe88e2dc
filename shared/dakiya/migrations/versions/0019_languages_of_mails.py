"""The language that a mail is written in."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLES = ("content_version", "template")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("language", sa.Text(), server_default="en", nullable=False))


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "language")
