"""Three ways to write a mail, a preheader, and the postal address that stands below each mail."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KIND = postgresql.ENUM("html", "rich", "text", name="content_kind")
RICH_HAS_SOURCE = "(kind = 'rich') = (source IS NOT NULL)"


def upgrade() -> None:
    KIND.create(op.get_bind())
    for table in ("content_version", "template"):
        kind = postgresql.ENUM(name="content_kind", create_type=False)
        op.add_column(table, sa.Column("kind", kind, server_default="html", nullable=False))
        op.add_column(table, sa.Column("source", postgresql.JSONB(), nullable=True))
        op.add_column(table, sa.Column("preheader", sa.Text(), server_default="", nullable=False))
        op.create_check_constraint(op.f(f"ck_{table}_rich_has_source"), table, RICH_HAS_SOURCE)
    op.add_column("content_version", sa.Column("inlined", sa.Text(), nullable=True))
    op.add_column("workspace", sa.Column("postal_address", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("workspace", "postal_address")
    op.drop_column("content_version", "inlined")
    for table in ("content_version", "template"):
        op.drop_constraint(op.f(f"ck_{table}_rich_has_source"), table)
        op.drop_column(table, "preheader")
        op.drop_column(table, "source")
        op.drop_column(table, "kind")
    KIND.drop(op.get_bind())
