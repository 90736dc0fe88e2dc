"""A test keeps its dialogue, an account what its server said and whom it trusts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("smtp_account", sa.Column("certificate_sha256", sa.Text(), nullable=True))
    op.add_column("smtp_account", sa.Column("server_facts", postgresql.JSONB(), nullable=True))
    op.add_column(
        "smtp_test",
        sa.Column(
            "dialogue",
            postgresql.JSONB(),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
    )


def downgrade() -> None:
    op.drop_column("smtp_test", "dialogue")
    op.drop_column("smtp_account", "server_facts")
    op.drop_column("smtp_account", "certificate_sha256")
