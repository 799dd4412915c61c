"""The keys under which the log keeps what it says about people: one per person and kind, made with the person.

They stand in the database, beside what they open, since they are there to be destroyed: with the row that holds the
value in plain words, in one transaction. None is kept in memory from one transaction to the next: a command that
touches a person reads that person's keys, with one statement. Who was there before there were keys has none, and is
kept in plain words until a loop has given them some (kernel/print_adoption.py).
"""

from collections.abc import Iterable, Sequence
from functools import partial
from secrets import token_bytes
from typing import Any

import orjson

from central.kernel.db import Connection, Row, in_list
from central.kernel.entity import SUBJECTS, Declaration
from central.kernel.personal_data import (
    DUTIES,
    ERASED,
    SIGN,
    STRUCK,
    Personal,
    PersonalKind,
    blinded,
    is_said,
    key_of,
    replaced,
    seal,
    token_of,
    tokens_in,
    unseal,
)
from central.kernel.vault import Vault

AT_ONCE = 400  # subjects in one statement
DAY_MS = 86_400_000
Keyring = dict[str, Vault | None]
"""Kind → key; None: it was destroyed. Empty: a person from before there were keys."""


class People:
    """As one transaction sees them."""

    def __init__(self, db: Connection, now_ms: int) -> None:
        self._db, self._now = db, now_ms
        self._rings: dict[str, Keyring] = {}
        self._used: dict[tuple[str, str], int] = {}
        self._stale: set[tuple[str, str]] = set()

    def load(self, subjects: Iterable[str]) -> None:
        wanted = sorted(set(subjects) - self._rings.keys())
        for first in range(0, len(wanted), AT_ONCE):
            inside, params = in_list("s", wanted[first : first + AT_ONCE])
            self._rings.update((each, {}) for each in wanted[first : first + AT_ONCE])
            for subject, kind, key, used in self._db.run(
                f"SELECT subject, kind, key, used FROM subject_key WHERE subject IN {inside}",  # noqa: S608 - our own
                params,
            ):
                self._rings[subject][kind] = key_of(key) if key else None
                self._used[subject, kind] = used

    def ring(self, subject: str) -> Keyring:
        if subject not in self._rings:
            self.load((subject,))
        return self._rings[subject]

    # --- making and destroying them -------------------------------------------------------------------------------

    def born(self, table: str, subjects: Sequence[str]) -> None:
        """Rows of a table that are people are there now: each gets a key for every kind that is said of it anywhere."""
        self._db.write_many(
            "INSERT INTO subject_key (subject, kind, key, since, used, due) VALUES (?, ?, ?, ?, ?, NULL) "
            "ON CONFLICT DO NOTHING",
            [
                (subject, kind, token_bytes(32).hex(), self._now, self._now)
                for subject in subjects
                for kind in sorted(SUBJECTS[table])
            ],
        )
        for subject in subjects:  # one that was there before has its keys still, or has been forgotten: read them
            self._rings.pop(subject, None)

    def destroy(self, subject: str, kinds: Iterable[PersonalKind]) -> None:
        """From the commit on nobody opens what was sealed. This transaction still does: it has to say what it found in
        the rows that it empties."""
        self.ring(subject)
        self._db.write_many(
            "UPDATE subject_key SET key = NULL, due = NULL, used = ? WHERE subject = ? AND kind = ?",
            [(self._now, subject, kind) for kind in kinds],
        )

    def end(self, subject: str, kind: PersonalKind) -> int:
        """Keeps a key only as long as its duty lasts, in milliseconds since 1970."""
        self.ring(subject)
        until = self._used[subject, kind] + int(DUTIES[kind].lasts.total_seconds() * 1000)
        self._db.write(
            "UPDATE subject_key SET due = :until WHERE subject = :subject AND kind = :kind",
            {"until": until, "subject": subject, "kind": kind},
        )
        return until

    # --- sealing and opening --------------------------------------------------------------------------------------

    def seal(self, mark: Personal, subject: str, value: Any, at: str) -> Any:
        """What is kept outside of the person's own row: in plain words for who has no keys yet, struck for who has
        been forgotten. `at`: what keeps it (personal_data.py)."""
        ring = self.ring(subject) if is_said(value) else {}
        if not ring:
            return value
        key = ring.get(mark.kind)
        if key is None:
            return STRUCK
        if DUTIES[mark.kind].days and self._used[subject, mark.kind] < self._now - DAY_MS:
            self._stale.add((subject, mark.kind))
        return seal(key, mark.kind, subject, value, at)

    def note_use(self) -> None:
        """A duty lasts from when something was last written down: of what was sealed here, the day."""
        stale, self._stale = sorted(self._stale), set()
        if stale:
            self._db.write_many(
                "UPDATE subject_key SET used = ? WHERE subject = ? AND kind = ? AND due IS NULL",
                [(self._now, subject, kind) for subject, kind in stale],
            )

    def opened(self, texts: Sequence[tuple[str, str]]) -> list[Any]:
        """JSON texts, each with what holds it, as values: what is sealed is opened, or `ERASED`."""
        said = [(at, orjson.loads(text), SIGN in text) for at, text in texts]
        self.load(token.subject for _, value, any_ in said if any_ for token in tokens_in(value))
        return [replaced(value, partial(self._opened, at)) if any_ else value for at, value, any_ in said]

    def open(self, at: str, value: Any) -> Any:
        """`opened`, of what was read from JSON already."""
        self.load(token.subject for token in tokens_in(value))
        return replaced(value, partial(self._opened, at))

    def _opened(self, at: str, text: str) -> Any:
        token = token_of(text)
        if token is None:
            return text
        key = self.ring(token.subject).get(token.kind)
        if key is None:
            return ERASED
        found = unseal(key, token, at)
        return found[0] if found else text

    # --- prints ---------------------------------------------------------------------------------------------------

    def blinded(self, declaration: Declaration, rows: Sequence[Row]) -> list[Row]:
        """Rows as their prints are made of them (kernel/prints.py)."""
        if not declaration.personal:
            return list(rows)
        self.load(row[each.of] for row in rows for each in declaration.personal if row[each.of])
        return [self._blinded(declaration, row) for row in rows]

    def _blinded(self, declaration: Declaration, row: Row) -> Row:
        values = list(row)
        for each in declaration.personal:
            values[each.at] = self.blind(each.mark, row[each.of], each.first, row[each.at])
        return tuple(values)

    def blind(self, mark: Personal, subject: str | None, column: str, value: Any) -> Any:
        ring = self.ring(subject) if subject and is_said(value) else {}
        if not ring:
            return value
        key = ring.get(mark.kind)
        return blinded(key, column, value) if key else ERASED  # a value that should not be there: no print is of it
