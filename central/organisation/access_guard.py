"""Who may touch what lets people in: mail address, password, second factor, codes, keys, rights, sessions, links.

A browser that stands signed in on a desk must not become an operator. So what touches a way in is asked here, before
it is written, and kernel/tx.py writes it under no other condition (the entities say which columns those are). Nobody
does it to themselves by way of the rights: what is theirs they change on their own page, with their password; and
who gives to others gave their password a short while ago. A program has no page to be asked on: it shows its key each
time.
"""

from datetime import timedelta

from central.kernel.actor import ActorKind
from central.kernel.spans import recent
from central.kernel.tx import Read
from central.organisation.model import NoOperator, SignInSession
from shared.outcome import Refused

CONFIRMED_FOR = timedelta(minutes=15)
OWN_PAGE, CONFIRM = "/me", "/me/confirm"


def opens(read: Read, operator_id: str, own: NoOperator = NoOperator.OWN_PAGE) -> Refused | None:
    """Why the asker may not open a way in as this operator: it is themselves (said as `own`), or their
    password was given too long ago."""
    return closes(read, operator_id, own) or lately(read)


def closes(read: Read, operator_id: str, own: NoOperator = NoOperator.OWN_PAGE) -> Refused | None:
    """The same for what only takes away."""
    read.ways_in_asked = True
    if read.actor.kind is ActorKind.OPERATOR and operator_id == read.actor.id:
        return Refused(own, fix=operator_id, detail={"page": OWN_PAGE} if own is NoOperator.OWN_PAGE else {})
    return None


def lately(read: Read) -> Refused | None:
    """Why the asker's session is not enough: the password was given in it too long ago."""
    read.ways_in_asked = True
    if read.actor.kind is not ActorKind.OPERATOR or not read.actor.session:
        return None
    session = read.get(SignInSession, read.actor.session)
    if session and session.confirmed and recent(session.confirmed, read.now, CONFIRMED_FOR):
        return None
    return Refused(NoOperator.CONFIRM_FIRST, fix="password", detail={"page": CONFIRM})


def shows_its_key(read: Read, operator_id: str) -> bool:
    """A program that acts on itself, with the key that it shows: whoever holds that has the way in already."""
    read.ways_in_asked = True
    return read.actor.kind is ActorKind.OPERATOR and read.actor.id == operator_id and not read.actor.session


def by_the_house(read: Read) -> None:
    """Central's own commands: who gives them has looked at a password, a code, a link or an empty house."""
    assert read.actor.kind is ActorKind.SYSTEM, "an operator's commands ask `opens` or `closes`"
    read.ways_in_asked = True
