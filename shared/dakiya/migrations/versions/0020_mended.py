"""How often an SMTP account was mended: trouble that was met before pauses it no more."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    mended = sa.Column("mended", sa.Integer(), server_default="0", nullable=False)
    op.add_column("smtp_account", mended)


def downgrade() -> None:
    op.drop_column("smtp_account", "mended")
