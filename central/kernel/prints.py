"""Fingerprints of rows: what a command left in the tables, kept in its row of the log and sealed with it.

A print is the first 120 bits of the SHA-256 of a row as the database holds it, secrets and all (an id of chance is
among what is hashed, so nobody guesses a row from its print). A command keeps, for each row that it touched, the print
that it found and the one that it left. So today's tables follow from the log: a row that was changed, taken away or put
in behind the door's back fits no print, and stays so even after a command has changed it again, since that command's
own entry says what it found. Checking: kernel/row_proof.py; what is proved, and what is not: docs/history.md.
"""

from binascii import b2a_base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from operator import itemgetter
from typing import Any

import orjson

ABSENT = ""  # there is no such row
ANY = "?"  # whatever was there is written over whole, so nobody looked
TAKEN_OVER = "="  # a row from before there were prints, as it was found
COUNTER, FEED_ROW, OUTBOX = "counter", "feed_row", "outbox"
PAGES_ANEW = "people written anew"
UNPROVED_COUNTERS = {
    "log sealed": "where two that seal wait for each other (kernel/log_chain.py); its value says nothing",
    "resets asked for": "so that asking takes as long for nobody as for somebody; its value says nothing",
    "feeds begun": "so that no revision is told twice (kernel/feeds.py): a higher one loses nothing",
    PAGES_ANEW: "up to whom it was done (kernel/people_tables.py): another value has it done once more",
    "test commit": "a sign of life of the disk's (kernel/pulse.py)",
    "version/": "so begin those that say how good a cache is (kernel/versions.py)",
}
"""Counters that the log does not prove, and why not; a name that ends with a stroke begins others."""

Prints = dict[str, dict[str, str]]
"""Table → id → `<before>><after>`; of a row that was made, its print alone."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A column of a print. One with a declared default is left out where it holds it: a column that comes with a later
    version changes no print of before."""

    name: str
    is_float: bool
    has_default: bool
    default: Any


def print_of(said: bytes) -> str:
    """20 characters of base 64: none of them is `>`, `?` or `=`."""
    return b2a_base64(sha256(said).digest()[:15], newline=False).decode()


def printer(table: str, columns: Sequence[Printed | None]) -> Callable[[tuple[Any, ...]], str]:
    """What makes a row's print, from its columns in order; None: kept beside the log."""
    head = table.encode() + b"\n"
    fixed = [n for n, column in enumerate(columns) if column and not column.has_default]
    loose = [(n, column) for n, column in enumerate(columns) if column and column.has_default]
    floats = [n for n, column in enumerate(columns) if column and column.is_float]

    def whole(row: tuple[Any, ...]) -> str:
        return print_of(head + orjson.dumps(row))

    pick = itemgetter(*fixed)

    def in_parts(row: tuple[Any, ...]) -> str:
        if floats:  # 5 is kept as 5.0, and -0.0 as 0.0
            values = list(row)
            for n in floats:
                if values[n] is not None:
                    values[n] = float(values[n]) + 0.0
            row = tuple(values)
        for n, column in loose:
            if row[n] != column.default:
                more = {column.name: row[n] for n, column in loose if row[n] != column.default}
                return print_of(head + orjson.dumps([pick(row), more]))
        return print_of(head + orjson.dumps(pick(row)))

    return whole if len(fixed) == len(columns) and not floats else in_parts


def leave(prints: Prints, table: str, row_id: str, before: str, after: str) -> None:
    """Notes that a row was `before` and is `after` now; what is noted of it in the same command goes on from there."""
    rows = prints.get(table)
    if rows is None:
        rows = prints[table] = {}
    if (known := rows.get(row_id)) is not None:
        before = known.partition(">")[0] if ">" in known else ABSENT
        if before == after == ABSENT:
            del rows[row_id]
            return
    rows[row_id] = f"{before}>{after}" if before else after


Feeds = Mapping[str, Mapping[str, str | None]]
"""Name → key → body, as JSON; None: the row is gone."""


def left(prints: Prints, feeds: Feeds, outbox: Sequence[tuple[Any, ...]]) -> str:
    """The prints of all that a command leaves, as its row in the log keeps them: with what goes to devices and into the
    outbox (its rows: id, kind, body, …). Empty: it left nothing."""
    for feed, rows in feeds.items():
        for key, body in rows.items():
            leave(prints, FEED_ROW, feed_row_id(feed, key), ANY, feed_print(feed, key, body))
    for row_id, kind, body, *_ in outbox:
        leave(prints, OUTBOX, row_id, ABSENT, outbox_print(row_id, kind, body))
    return orjson.dumps(prints).decode() if prints else ""


def counter_proved(name: str) -> bool:
    return name not in UNPROVED_COUNTERS and not name.startswith("version/")


def parted(entry: str) -> tuple[str, str]:
    """(before, after) of an entry."""
    before, arrow, after = entry.partition(">")
    return (before, after) if arrow else (ABSENT, entry)


def feed_row_id(feed: str, key: str) -> str:
    return f"{feed} {key}"


def feed_print(feed: str, key: str, body: str | None) -> str:
    return print_of(orjson.dumps((FEED_ROW, feed, key, body)))


def outbox_print(row_id: str, kind: str, body: str) -> str:
    return print_of(orjson.dumps((OUTBOX, row_id, kind, body)))
