"""Forgetting a person: the keys whose duty has ended are destroyed, and what the rows say in plain words is emptied, in
one transaction; what has to stay is told, and goes by itself on its day. What is no entity, and so says no marks, an
area says with `forgets` (kernel/people_tables.py).

The log stays as it is, and so does its chain: what it keeps sealed opens for nobody any more. On SQLite the bytes go
too, within seconds of the commit: what is taken away is written over (`secure_delete`), the tables of people are
written anew, and the database's own log is cut. What PostgreSQL keeps, and what lies in backups: docs/operation.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from central.kernel.contexts import by_house_alone
from central.kernel.db import in_list
from central.kernel.entity import BY_NAME, Declaration, PersonalColumn
from central.kernel.former_names import names_of
from central.kernel.people_tables import FORGETTING
from central.kernel.personal_data import DUTIES, PersonalKind, is_said
from central.kernel.print_adoption import give_keys
from central.kernel.registry import handles
from central.kernel.tx import Read, Tx
from central.kernel.work import FORGOTTEN
from shared.clock import from_ms, to_ms
from shared.ids import Id
from shared.outcome import Ok, Outcome

AT_ONCE = 200  # keys whose day has come, in one command


@dataclass(frozen=True, slots=True)
class Stays:
    """What is kept of somebody who is forgotten: until when (None: as long as the log), and on which ground. `before`:
    what the log wrote down until then in plain words, when there were no keys; None: it is sealed."""

    kind: PersonalKind | None
    until: datetime | None
    ground: str
    before: datetime | None = None


def forget(tx: Tx, table: str, subject: Id) -> list[Stays]:
    """Forgets a person, the row of a table; answers with what stays. Who may ask for it, and what else their going
    means, the caller knows."""
    for (whose, _), goes in FORGETTING.items():
        if whose == table:
            goes(tx, subject)
    if not tx.people.ring(subject):
        give_keys(tx, table, [subject])
    known = [PersonalKind(kind) for kind, key in tx.people.ring(subject).items() if key]
    kept = {kind: tx.people.end(subject, kind) for kind in known if DUTIES[kind].days}
    # clock: a day that people or the law set; what is final of it waits for a steady clock
    ended = [kind for kind in known if kind not in kept or kept[kind] <= to_ms(tx.now)]
    _destroy(tx, subject, ended)
    return stays_of(tx, table, subject)


def stays_of(read: Read, table: str, subject: str) -> list[Stays]:
    """What is still kept of somebody who is forgotten."""
    rows = read.run(
        "SELECT kind, due FROM subject_key WHERE subject = :subject AND due IS NOT NULL AND key IS NOT NULL "
        "ORDER BY due, kind",
        subject=subject,
    )
    stays = [Stays(PersonalKind(kind), from_ms(until), DUTIES[PersonalKind(kind)].ground) for kind, until in rows]
    return [*stays, *_in_plain_words(read, table, subject)]


def _in_plain_words(read: Read, table: str, subject: str) -> list[Stays]:
    """Of somebody who was there before there were keys: a sealed log is not written anew."""
    since = read.one("SELECT MIN(since) FROM subject_key WHERE subject = :subject", subject=subject)
    called, params = in_list("entity", names_of(table))
    first = read.one(
        "SELECT MIN(l.at) FROM audit a JOIN command_log l ON l.id = a.command_id "  # noqa: S608 - names of ours, values are parameters
        f"WHERE a.entity_id = :subject AND a.entity IN {called}",
        subject=subject,
        **params,
    )
    if not since or not first or first[0] is None or first[0] >= since[0]:
        return []
    return [Stays(None, None, "the log as it was sealed", from_ms(since[0]))]


def _destroy(tx: Tx, subject: str, kinds: Iterable[PersonalKind]) -> None:
    ended = frozenset(kinds)
    tx.people.destroy(subject, sorted(ended))
    for declaration in BY_NAME.values():
        for said in declaration.personal:
            if said.mark.kind in ended:
                _empty(tx, declaration, said, subject)
    tx.touched.add(FORGOTTEN)


def _empty(tx: Tx, declaration: Declaration, said: PersonalColumn, subject: str) -> None:
    of = declaration.names[said.of]
    rows = tx.run(f"SELECT id, {said.name} FROM {declaration.name} WHERE {of} = :subject", subject=subject)  # noqa: S608 - names of ours, values are parameters
    if any(is_said(value) for _, value in rows):
        tx.rewrite(declaration.kind, {said.name: said.empty}, f"WHERE {of} = :subject", subject=subject)
    for row_id, value in rows:
        if is_said(value):
            tx.changed(declaration.name, row_id, {said.name: [value, said.empty]})


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetDue:
    """Central's own: what had to stay of people who are forgotten, and whose day has come."""


@handles(ForgetDue, needs="kernel.people.forget", at=by_house_alone)
def forget_due(tx: Tx, _: ForgetDue) -> Outcome[None]:
    tx.ways_in_asked = True  # what is emptied lets nobody in
    for subject, kind in due(tx):
        _destroy(tx, subject, [PersonalKind(kind)])
    return Ok(None)


def due(read: Read) -> list[tuple[str, str]]:
    # clock: a day that people or the law set; what is final of it waits for a steady clock
    rows = read.run(
        "SELECT subject, kind FROM subject_key WHERE due <= :now AND key IS NOT NULL "
        "ORDER BY due, subject, kind LIMIT :n",
        now=to_ms(read.now),
        n=AT_ONCE,
    )
    return [(row[0], row[1]) for row in rows]
