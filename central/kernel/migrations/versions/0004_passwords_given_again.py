"""When the password was last given in a session; the address that a letter goes to and makes the account's."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("operator_session", sa.Column("confirmed", sa.BigInteger(), nullable=True))
    op.add_column("operator_letter", sa.Column("email", sa.Text(), nullable=True))
