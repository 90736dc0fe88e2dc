"""What is found at the addresses that stand in mails."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STATE = postgresql.ENUM("queued", "checking", "checked", name="link_state")
VERDICT = postgresql.ENUM(
    "fine", "guarded", "missing", "failing", "unreachable", "insecure", "looping", "internal",
    name="link_verdict",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "link_check",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("url_sha256", sa.Text(), nullable=False),
        sa.Column("state", STATE, server_default="queued", nullable=False),
        sa.Column("verdict", VERDICT, nullable=True),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("content_type", sa.Text(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column(
            "queued_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_link_check_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_check")),
        sa.UniqueConstraint(
            "workspace_id", "url_sha256", name=op.f("uq_link_check_workspace_id_url_sha256")
        ),
    )
    op.create_index(
        "ix_link_check_waiting",
        "link_check",
        ["workspace_id", "id"],
        postgresql_where=sa.text("state = 'queued'"),
    )


def downgrade() -> None:
    op.drop_table("link_check")
    STATE.drop(op.get_bind())
    VERDICT.drop(op.get_bind())
