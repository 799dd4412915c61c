"""Keys of people (kernel/subjects.py). Those who are there already get theirs from central itself after the update
(kernel/taking_over.py): until then the log keeps what it says of them in plain words, as it did."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subject_key",
        sa.Column("subject", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("subject", "kind", name=op.f("pk_subject_key")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_subject_key_due", "subject_key", ["due"])
