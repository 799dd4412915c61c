"""What is missing of a device's facts, as ranges; filled from the facts of houses that have some."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

FILL = """
INSERT INTO fact_gap (device_id, first_seq, last_seq)
SELECT told.device_id, told.before + 1, told.seq - 1 FROM (
    SELECT f.device_id AS device_id, f.seq AS seq,
        COALESCE(LAG(f.seq) OVER (PARTITION BY f.device_id ORDER BY f.seq), d.contiguous) AS before
    FROM fact f JOIN device d ON d.id = f.device_id WHERE f.seq > d.contiguous
) AS told WHERE told.seq > told.before + 1
"""


def upgrade() -> None:
    op.create_table(
        "fact_gap",
        sa.Column("device_id", sa.String(length=26), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_fact_gap_device_id")),
        sa.PrimaryKeyConstraint("device_id", "first_seq", name=op.f("pk_fact_gap")),
        sqlite_with_rowid=False,
    )
    op.execute(FILL)
