"""The kernel's own tables: what every change leaves behind, and what waits to be told."""

import sqlalchemy as sa

from central.kernel.entity import METADATA
from shared.ids import LENGTH

COMMAND_LOG = sa.Table(
    "command_log",
    METADATA,
    sa.Column("id", sa.String(LENGTH), primary_key=True),  # the command's id: the key that makes a repeat harmless
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),  # kind:id
    sa.Column("origin", sa.Text, nullable=False),  # from where: web or api and the address, a loop's name
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),  # of name and content: same id, other content is refused
    sa.Column("body", sa.Text, nullable=False),  # secrets struck out
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("place", sa.String(LENGTH), nullable=True),  # the context in which it acted, where the door asked for it
    sa.Column("turn", sa.BigInteger, nullable=False),  # kernel/traces.py: which of two came first
    # The chain (kernel/log_chain.py): given by a loop right after the commit, in the order of turns.
    sa.Column("seq", sa.BigInteger, nullable=True, unique=True),
    sa.Column("hash", sa.Text, nullable=True),
    sqlite_with_rowid=False,
)

COMMAND_PRINTS = sa.Table(
    # A table of its own: with them a row of the log would outgrow its page, and each take a second one.
    "command_prints",
    METADATA,
    sa.Column("command_id", sa.String(LENGTH), sa.ForeignKey("command_log.id"), primary_key=True),
    sa.Column("prints", sa.Text, nullable=False),  # kernel/prints.py: of the rows that it left
    sqlite_with_rowid=False,
)

AUDIT_CHECKPOINT = sa.Table(
    "audit_checkpoint",
    METADATA,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),  # up to which row of the log
    sa.Column("text", sa.Text, nullable=False),  # kernel/log_chain.Checkpoint as it was signed
    sa.Column("kid", sa.Text, nullable=False),
    sa.Column("signature", sa.Text, nullable=False),
    sa.Column("certificate", sa.Text, nullable=False),  # of the key, where it signs for the first time
    sqlite_with_rowid=False,
)

GONE_CONTEXT = sa.text("entity = 'context' AND action = 'deleted'")

AUDIT = sa.Table(
    "audit",
    METADATA,
    sa.Column("command_id", sa.String(LENGTH), sa.ForeignKey("command_log.id"), primary_key=True),
    sa.Column("n", sa.Integer, primary_key=True),
    sa.Column("entity", sa.Text, nullable=False),
    sa.Column("entity_id", sa.String(LENGTH), nullable=False, index=True),
    sa.Column("action", sa.Text, nullable=False),  # created | changed | deleted
    sa.Column("change", sa.Text, nullable=False),  # {field: [before, after]}; empty for created: the row says it
    # The few contexts that are gone, found without a walk through all of it (kernel/deleted_rows.py).
    sa.Index("ix_audit_gone_context", "entity_id", sqlite_where=GONE_CONTEXT, postgresql_where=GONE_CONTEXT),
    sqlite_with_rowid=False,
)

FEED_HEAD = sa.Table(
    "feed_head",
    METADATA,
    sa.Column("feed", sa.Text, primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

FEED_ROW = sa.Table(
    "feed_row",
    METADATA,
    sa.Column("feed", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("body", sa.Text, nullable=True),  # null: the row is gone
    sa.Index("ix_feed_row_feed_revision", "feed", "revision"),
    sqlite_with_rowid=False,
)

OUTBOX = sa.Table(
    "outbox",
    METADATA,
    sa.Column("id", sa.String(LENGTH), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("due", sa.BigInteger, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),  # how often it was claimed
    sa.Column("state", sa.Text, nullable=False),  # waiting | done | given_up
    sa.Column("last_error", sa.Text, nullable=False),
    sa.Column("claimed_until", sa.BigInteger, nullable=True),  # somebody acts on it (kernel/outbox.py)
    sa.Column("lane", sa.Text, nullable=True),  # whose turn it waits for, where there are turns
    sa.Index("ix_outbox_state_due", "state", "due"),
    sa.Index("ix_outbox_lane", "lane", "state", "due"),
    sqlite_with_rowid=False,
)

COUNTER = sa.Table(
    "counter",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

DOOR_TALLY = sa.Table(
    "door_tally",
    METADATA,
    sa.Column("day", sa.Text, primary_key=True),  # of UTC, as 2026-11-29
    sa.Column("caller", sa.Text, primary_key=True),  # kind:id; all strangers are one
    sa.Column("command", sa.Text, primary_key=True),
    sa.Column("reason", sa.Text, primary_key=True),  # why not; empty: it was done
    sa.Column("times", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

FOUND = sa.Table(
    "found",
    METADATA,
    sa.Column("entity", sa.Text, primary_key=True),
    sa.Column("entity_id", sa.String(LENGTH), primary_key=True),
    sa.Column("words", sa.Text, nullable=False),  # what it is looked for by (kernel/search_index.py)
    sqlite_with_rowid=False,
)

SCHEMA_MADE = sa.Table(
    "schema_made",
    METADATA,
    sa.Column("revision", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False),  # of what the migrations left (kernel/shape.py)
    sa.Column("at", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

SUBJECT_KEY = sa.Table(
    "subject_key",
    METADATA,
    sa.Column("subject", sa.String(LENGTH), primary_key=True),  # a person: the id of the row that is theirs
    sa.Column("kind", sa.Text, primary_key=True),  # kernel/personal_data.Kind
    sa.Column("key", sa.Text, nullable=True),  # null: destroyed, at `used`
    sa.Column("since", sa.BigInteger, nullable=False),  # when it was made: what was written down before is not sealed
    sa.Column("used", sa.BigInteger, nullable=False),  # the day on which something was last sealed, or so
    sa.Column("due", sa.BigInteger, nullable=True),  # when it has to be destroyed: a duty outlasts its person
    sa.Index("ix_subject_key_due", "due"),
    sqlite_with_rowid=False,
)

HOUSE_KEY = sa.Table(
    "house_key",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),  # root | vault
    sa.Column("fingerprint", sa.Text, nullable=False),  # of the key that this database belongs to, never the key
    sa.Column("since", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
