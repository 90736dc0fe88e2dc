"""What the name servers say of the domains that mail comes from."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "domain_check",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("requested_at", instant, nullable=False),
        sa.Column("checked_at", instant, nullable=True),
        sa.Column("findings", postgresql.JSONB(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_domain_check")),
        sa.UniqueConstraint("domain", name=op.f("uq_domain_check_domain")),
    )


def downgrade() -> None:
    op.drop_table("domain_check")
