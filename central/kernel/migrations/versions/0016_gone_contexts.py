"""The few contexts that are gone are found without a walk through all of the audit. Making it walks through it once."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    gone = sa.text("entity = 'context' AND action = 'deleted'")
    op.create_index("ix_audit_gone_context", "audit", ["entity_id"], sqlite_where=gone, postgresql_where=gone)
