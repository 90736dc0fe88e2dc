"""A campaign whose content is refused pauses by itself; unknown mails may be sent again."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "campaign",
        sa.Column("refused_in_a_row", sa.Integer(), server_default="0", nullable=False),
    )
    op.add_column(
        "campaign",
        sa.Column("accepted_when_refused", sa.BigInteger(), server_default="0", nullable=False),
    )
    op.add_column("campaign", sa.Column("refusal", sa.Text(), nullable=True))
    op.add_column("campaign", sa.Column("pause_reason", sa.Text(), nullable=True))
    op.add_column(
        "campaign",
        sa.Column("resend_unknown", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("campaign", "resend_unknown")
    op.drop_column("campaign", "pause_reason")
    op.drop_column("campaign", "refusal")
    op.drop_column("campaign", "accepted_when_refused")
    op.drop_column("campaign", "refused_in_a_row")
