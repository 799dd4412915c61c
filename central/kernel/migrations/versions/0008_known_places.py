"""Where accounts have come in from before; who asked for a letter."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_in_place",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_place")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sign_in_place_account", "sign_in_place", ["account", "seen"])
    op.add_column("operator_letter", sa.Column("asked_by", sa.Text(), nullable=True))
