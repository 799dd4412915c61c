"""Whose the places are that an account came in from; of those from before nobody knows, and they go within 90 days."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sign_in_place", sa.Column("operator_id", sa.String(length=26), nullable=True))
