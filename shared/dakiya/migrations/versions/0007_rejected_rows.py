"""The whole row of a file stays with the reason why it was not taken."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import_rejection", sa.Column("cells", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("import_rejection", "cells")
