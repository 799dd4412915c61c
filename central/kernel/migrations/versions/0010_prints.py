"""What each command left in the tables (kernel/prints.py). Commands from before have no row: nothing is known of them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "command_prints",
        sa.Column("command_id", sa.String(length=26), nullable=False),
        sa.Column("prints", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["command_id"], ["command_log.id"], name=op.f("fk_command_prints_command_id")),
        sa.PrimaryKeyConstraint("command_id", name=op.f("pk_command_prints")),
        sqlite_with_rowid=False,
    )
