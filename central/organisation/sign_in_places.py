"""Where an operator has come in from before: addresses, and browsers that hold a cookie of it.

Whoever knows somebody's mail address can guess at their password, and every guess makes the next one wait. That must
not shut the owner out. So the guesses of all strange places together share one count per operator, which slows them
all down; a place from which the operator came in before has a count of its own, that nobody elsewhere can fill. What a
strange place may do is counted by its address too, over all operators (OWASP, Slow Down Online Guessing Attacks with
Device Cookies).

Neither an address nor a cookie lets anybody in: they only say with whom one waits. Addresses are kept as keyed
digests, cookies nowhere; whose they are is noted beside them, so that they go when somebody is forgotten.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from secrets import token_urlsafe
from typing import Annotated

import sqlalchemy as sa

from central.kernel.entity import METADATA, Between, Loose
from central.kernel.excuses import unproved
from central.kernel.people_tables import forgets
from central.kernel.personal_data import Personal, PersonalKind
from central.kernel.spans import ahead, recent
from central.kernel.tx import Read, Tx
from central.kernel.vault import Vault
from central.organisation.rules import FORGOTTEN, FORGOTTEN_AT_ONCE, LONGEST_WAIT
from shared.clock import from_ms, to_ms
from shared.ids import LENGTH, Id, derived_id

KNOWN_FOR = timedelta(days=90)
MOST_PLACES = 10  # addresses of one operator
MOST_OWNERS = 4  # of one browser
_SHORT = 16

PLACE = sa.Table(
    "sign_in_place",
    METADATA,
    sa.Column("id", sa.String(LENGTH), primary_key=True),  # of operator and address, keyed outside the database
    sa.Column("typed_email", sa.Text, nullable=False),  # keyed too
    sa.Column("seen", sa.BigInteger, nullable=False),
    sa.Column("operator_id", sa.String(LENGTH), nullable=True),  # null: from before this was noted
    sa.Index("ix_sign_in_place_typed_email", "typed_email", "seen"),
    sqlite_with_rowid=False,
)

unproved(
    "sign_in_place", "keyed digests that come and go; whoever forges one waits with the owner, and is let in by none"
)


_NOT_LOGGED = Personal(PersonalKind.CONNECTION, "")  # where from the log keeps sealed, in fields of its own
Subjects = Annotated[tuple[str, ...], Between(most=20), _NOT_LOGGED]
"""What tries count on, a text each."""
PlaceId = Annotated[Id, Loose("a digest: what is remembered of an operator and an address"), _NOT_LOGGED]
EmailDigest = Annotated[str, _NOT_LOGGED]
"""Of an address as it was typed, keyed: whether there is an operator of it is told by nothing."""


@dataclass(frozen=True, slots=True)
class SignInPlace:
    """An operator, as it was typed (a keyed digest), and where that was. `id` is what is remembered of both; `device`
    the browser's own mark, if it came in with this operator before; `known`: the address did."""

    typed_email: str
    address: str
    id: Id
    device: str = ""
    known: bool = False

    def tried(self, kind: str = "password", of: str = "", *, apart: bool = False) -> "Tried":
        """What a try counts on. `of`: whose, where it is not the operator's address that is tried at; `apart`: each
        strange place by itself too, since what is tried is no secret that could be guessed."""
        of, address = of or self.typed_email, f"address:{self.address}"
        if self.device:
            return Tried((f"{kind}:{of}@{self.device}",))
        if self.known:
            return Tried((f"{kind}:{of}@{self.address}",), (address,))
        return Tried((f"{kind}:{of}@{self.address}" if apart else f"{kind}:{of}", address))


@dataclass(frozen=True, slots=True)
class Tried:
    """What a try counts on: whoever has to wait for one of `waits` is turned away; on `beside` it counts as well, so
    that nobody who shares the address tells by the count which operators come in from there."""

    waits: tuple[str, ...]
    beside: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.waits, *self.beside)


def place_id(vault: Vault, typed_email: str, address: str) -> Id:
    return derived_id("sign-in place", vault.digest("place", typed_email, address))


def attempt_id(subject: str) -> Id:
    return derived_id("sign-in", subject)


def is_known(read: Read, place: Id) -> bool:
    row = read.one("SELECT seen FROM sign_in_place WHERE id = :id", id=place)
    return row is not None and recent(from_ms(row[0]), read.now, KNOWN_FOR)


def remember(tx: Tx, place: Id, typed_email: str, operator_id: Id) -> None:
    """The operator came in from there; of its places the newest are kept."""
    tx.write(
        "INSERT INTO sign_in_place (id, typed_email, seen, operator_id) VALUES (:id, :typed_email, :now, :operator) "
        "ON CONFLICT (id) DO UPDATE SET seen = :now, operator_id = :operator",
        id=place, typed_email=typed_email, now=to_ms(tx.now), operator=operator_id,
    )  # fmt: skip
    tx.write(
        "DELETE FROM sign_in_place WHERE typed_email = :typed_email AND id NOT IN "
        "(SELECT id FROM sign_in_place WHERE typed_email = :typed_email ORDER BY seen DESC, id LIMIT :most)",
        typed_email=typed_email, most=MOST_PLACES,
    )  # fmt: skip


def forget_old(tx: Tx, now: datetime) -> tuple[int, int]:
    """Failures in a row that nobody counts any more, which strangers leave as fast as they like, and places that nobody
    came in from for long: a piece of each. Answers with their numbers."""
    # clock: taken with what a wrong clock put beyond its length
    tries = "SELECT id FROM sign_in_attempt WHERE last <= :old OR last > :ahead LIMIT :n"
    places = "SELECT id FROM sign_in_place WHERE seen <= :old OR seen > :ahead LIMIT :n"
    return (
        tx.write(
            f"DELETE FROM sign_in_attempt WHERE id IN ({tries})",  # noqa: S608 - our own text
            old=to_ms(now - FORGOTTEN), ahead=ahead(now), n=FORGOTTEN_AT_ONCE,
        ),
        tx.write(
            f"DELETE FROM sign_in_place WHERE id IN ({places})",  # noqa: S608 - our own text
            old=to_ms(now - KNOWN_FOR), ahead=ahead(now), n=FORGOTTEN_AT_ONCE,
        ),
    )  # fmt: skip


def _forget_places_of(tx: Tx, operator_id: Id) -> None:
    """Where they came in from, and what counts tries there."""
    typed = tx.run("SELECT DISTINCT typed_email FROM sign_in_place WHERE operator_id = :id", id=operator_id)
    for whose in (operator_id, *(row[0] for row in typed)):
        tx.write("DELETE FROM sign_in_attempt WHERE subject LIKE :there", there=f"%:{whose}@%")
    tx.write("DELETE FROM sign_in_place WHERE operator_id = :id", id=operator_id)


forgets("operator", "sign_in_place", _forget_places_of)


def forgive(tx: Tx, tried: Iterable[str]) -> None:
    """The try was right: what it counted on begins anew; but an address gets only this one try back, since who owns one
    operator must not clear it for the others; and none where it waits, which the others earned."""
    for subject in tried:
        if subject.startswith("address:"):
            # clock: taken with what a wrong clock put beyond its length
            tx.write(
                "UPDATE sign_in_attempt SET wrong = wrong - 1 "
                "WHERE id = :id AND wrong > 0 "
                "AND (locked_until IS NULL OR locked_until <= :now OR locked_until > :ahead)",
                id=attempt_id(subject), now=to_ms(tx.now), ahead=ahead(tx.now, LONGEST_WAIT),
            )  # fmt: skip
        else:
            tx.write("DELETE FROM sign_in_attempt WHERE id = :id", id=attempt_id(subject))


# --- the browser's cookie ---------------------------------------------------------------------------------------------


def devices(vault: Vault, cookie: str) -> dict[str, str]:
    """The operators (the beginnings of their digests) that a browser came in with before, each with its mark. Whoever
    makes such a cookie up has none."""
    found: dict[str, str] = {}
    for each in cookie.split("~")[:MOST_OWNERS]:
        beginning, _, rest = each.partition(".")
        mark, _, proof = rest.partition(".")
        if mark and compare_digest(proof.encode(), vault.token("device", beginning, mark).encode()):
            found[beginning] = mark
    return found


def device_of(vault: Vault, cookie: str, typed_email: str) -> str:
    """The browser's mark for this operator, or nothing."""
    return devices(vault, cookie).get(typed_email[:_SHORT], "")


def with_device(vault: Vault, cookie: str, typed_email: str) -> str:
    """The cookie of a browser that came in with this operator: the newest first."""
    marks = devices(vault, cookie)
    mine = marks.pop(typed_email[:_SHORT], "") or token_urlsafe(12)
    kept = [(typed_email[:_SHORT], mine), *marks.items()][:MOST_OWNERS]
    return "~".join(f"{each}.{mark}.{vault.token('device', each, mark)}" for each, mark in kept)
