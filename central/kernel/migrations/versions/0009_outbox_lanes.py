"""Whose turn a row of the outbox waits for: webhooks' rows by their receiver."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("lane", sa.Text(), nullable=True))
    op.create_index("ix_outbox_lane", "outbox", ["lane", "state", "due"])
    db = op.get_bind()
    there = {row[0] for row in db.execute(sa.text("SELECT id FROM webhook"))}
    waiting = db.execute(sa.text("SELECT id, body FROM outbox WHERE kind = 'webhook' AND state = 'waiting'")).all()
    rows = [{"id": row[0], "lane": json.loads(row[1])["webhook"]} for row in waiting]
    if rows:
        db.execute(sa.text("UPDATE outbox SET lane = :lane WHERE id = :id"), rows)
    if gone := [row for row in rows if row["lane"] not in there]:  # a webhook that was deleted is not told any more
        db.execute(sa.text("UPDATE outbox SET state = 'done' WHERE id = :id"), [{"id": row["id"]} for row in gone])
