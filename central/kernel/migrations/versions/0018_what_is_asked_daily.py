"""The page of the day asks for open anomalies and for what is played now: neither walks through all there ever was."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("anomaly", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_anomaly_settled"), ["settled"], unique=False)

    with op.batch_alter_table("performance", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_performance_closes"), ["closes"], unique=False)
        batch_op.create_index(batch_op.f("ix_performance_starts"), ["starts"], unique=False)
