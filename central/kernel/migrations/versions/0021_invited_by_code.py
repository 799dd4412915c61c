"""Who was invited with a code is found by it."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.create_index("ix_device_code_digest", ["code_digest"], unique=False)
