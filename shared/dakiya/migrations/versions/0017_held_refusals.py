"""Refusals that may be meant for everybody wait for a verdict."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "held_refusal",
        sa.Column("email_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("smtp_account_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("accepted", postgresql.JSONB(), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["email_id"],
            ["email.id"],
            name=op.f("fk_held_refusal_email_id_email"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["smtp_account_id"],
            ["smtp_account.id"],
            name=op.f("fk_held_refusal_smtp_account_id_smtp_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("email_id", name=op.f("pk_held_refusal")),
    )
    op.create_index(op.f("ix_held_refusal_smtp_account_id"), "held_refusal", ["smtp_account_id"])


def downgrade() -> None:
    op.drop_table("held_refusal")
