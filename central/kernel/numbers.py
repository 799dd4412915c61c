"""Numbers that go up: of legal series, of versions. Each is a row of `counter`, and is drawn in the transaction that
uses it, so that a series has no gap: whoever is undone gives back what was drawn.

Where nobody else can write until the commit, the commands of one transaction that append only (`gathered`,
kernel/registry.py) draw from what it has read once, and leave the row as it then is, once. On SQLite nobody can;
on PostgreSQL the first of them draws in the row, which is theirs from then on. What they draw is theirs
only when they stand: a refused one has drawn nothing. From one transaction to the next no number is kept, only the
names of those that were asked for: they are read together.
"""

from dataclasses import dataclass, field

from central.kernel.db import Connection, in_list

LATELY = 8  # names, per connection: a house sells for few organisers at a time
_NAMES = "counters"


def stepped(db: Connection, name: str, step: int) -> int:
    """The number after this step, in the database."""
    # log: it hears of it by `Tx.counter`
    (row,) = db.run(
        "INSERT INTO counter (name, value) VALUES (:name, :step) "
        "ON CONFLICT (name) DO UPDATE SET value = counter.value + :step RETURNING value",
        {"name": name, "step": step},
    )
    return int(row[0])


@dataclass(slots=True)
class Numbers:
    """Of one transaction, while nobody but its commands writes. `drawn`: as those that stand have left them; the row
    has it after `write`."""

    drawn: dict[str, int] = field(default_factory=dict)
    _read: dict[str, int] = field(default_factory=dict)

    def first(self, db: Connection, name: str, step: int) -> int | None:
        """The number after this step, where the row is to be had by drawing from it; None: it is had already."""
        if not db.locking or name in self._read:
            return None
        self._read[name] = value = stepped(db, name, step)
        return value

    def now(self, db: Connection, name: str) -> int:
        if (drawn := self.drawn.get(name)) is not None:
            return drawn
        if name not in self._read:
            self._look_up(db, name)
        return self._read[name]

    def _look_up(self, db: Connection, name: str) -> None:
        lately: dict[str, None] = db.memory.setdefault(_NAMES, {})
        if name not in lately and len(lately) >= LATELY:
            del lately[next(iter(lately))]
        lately[name] = None
        among, params = in_list("n", [each for each in lately if each not in self._read])
        found: dict[str, int] = dict(db.run(f"SELECT name, value FROM counter WHERE name IN {among}", params))  # noqa: S608 - our names
        self._read.update((each, found.get(each, 0)) for each in params.values())

    def write(self, db: Connection) -> bool:
        """What was drawn, into the rows; from then on anybody may write them. False: a row is not what was read, which
        nobody can have brought about."""
        fits = all(
            _left(db, name, self._read[name], value)
            for name, value in sorted(self.drawn.items())
            if value != self._read[name]
        )
        self.drawn.clear()
        self._read.clear()
        return fits


def _left(db: Connection, name: str, was: int, value: int) -> bool:
    # log: it hears of it by `Tx.counter`
    rows = db.write(
        "INSERT INTO counter (name, value) VALUES (:name, :value) "
        "ON CONFLICT (name) DO UPDATE SET value = :value WHERE counter.value = :was",
        {"name": name, "value": value, "was": was},
    )
    return rows == 1
