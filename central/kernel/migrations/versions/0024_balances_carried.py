"""What accounts stand at is carried forward, so that no look adds up all that was ever moved."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "balance_carried",
        sa.Column("account_id", sa.String(length=26), nullable=False),
        sa.Column("through", sa.BigInteger(), nullable=False),
        sa.Column("billions", sa.BigInteger(), nullable=False),
        sa.Column("rest", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_balance_carried")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("balance_carried", schema=None) as batch_op:
        batch_op.create_index("ix_balance_carried_through", ["through"], unique=False)

    with op.batch_alter_table("move", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_move_at"), ["at"], unique=False)
