"""Who comes in, how long they stay, and what they may give to others: facts and `now` in, a decision out.

Lengths follow OWASP ASVS 4.0.3 level 2 and NIST SP 800-63B (docs/security.md): a session ends after twelve hours, or
half an hour without a sign of life; failures in a row close the door for a while that doubles.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum, auto

from central.kernel.spans import lasts, recent
from central.organisation.model import AskedBy, Attempt, Letter, Operator, SignInSession
from central.organisation.settings import IDLE_S, LONGEST_S

IDLE = timedelta(seconds=IDLE_S)
LONGEST = timedelta(seconds=LONGEST_S)
HALF_WAY = timedelta(minutes=10)  # between password and code
INVITATION_FOR = timedelta(days=7)
RESET_FOR = timedelta(hours=1)
ADDRESS_FOR = timedelta(hours=24)
MOST_LETTERS = {AskedBy.HOUSE: 3, AskedBy.OWNER: 3, AskedBy.STRANGER: 2}
"""Of one kind to one person within an hour: nobody's letter box is filled from here, and what strangers ask for takes
none of what the others may."""
LETTER_EVERY = timedelta(minutes=10)  # asked again within it, the letter under way is enough
MOST_SESSIONS = 20

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN = timedelta(hours=24)
FORGOTTEN_AT_ONCE = 1_000  # rows of each kind in one command
FREE = {"password": 5, "code": 5, "session": 5, "address": 20, "letter": 5}  # failures in a row before the first wait
"""Of an operator, its codes and its letters: once for all strange places together, and once for each place that the
operator came in from before (sign_in_places.py). Twenty for an address, over all operators: a whole box office may
share one."""


class SessionStanding(StrEnum):
    """What a session opens: nothing; the page that asks for the code; the page that sets a second factor up; all."""

    OVER = auto()
    CODE_WANTED = auto()
    ENROLMENT_WANTED = auto()
    IN = auto()


def standing(
    session: SignInSession, operator: Operator, demanded: bool, now: datetime, idle: timedelta = IDLE
) -> SessionStanding:
    """`demanded`: a profile of theirs wants a second factor. Asked anew at each request, so that a profile that begins
    to want one, or a forced sign-out, holds at once."""
    if not operator.active or ended(session, now, idle):
        return SessionStanding.OVER
    if operator.totp:
        return SessionStanding.IN if session.second_factor else SessionStanding.CODE_WANTED
    return SessionStanding.ENROLMENT_WANTED if demanded else SessionStanding.IN


def ended(session: SignInSession, now: datetime, idle: timedelta = IDLE) -> bool:
    return expired(session, now) or not recent(session.seen, now, idle)


def expired(session: SignInSession, now: datetime) -> bool:
    """Whether its time is up, however lively it is."""
    return not recent(session.began, now, session.until - session.began)


def seen_long_ago(session: SignInSession, now: datetime, idle: timedelta = IDLE) -> bool:
    """Whether a new sign of life is worth writing down: some six within the time that ends a session."""
    return not recent(session.seen, now, idle / 6)


def is_good(letter: Letter, now: datetime) -> bool:
    """Whether its link opens anything."""
    return letter.used is None and recent(letter.asked, now, letter.until - letter.asked)


def locked(attempt: Attempt | None, now: datetime) -> datetime | None:
    """Until when this subject has to wait."""
    until = attempt.locked_until if attempt else None
    return until if until and lasts(until, now, LONGEST_WAIT) else None


def counted(attempt: Attempt, now: datetime) -> Attempt:
    """One more try. It counts before it is known to be wrong, so that a thousand at once are not one."""
    wrong = attempt.wrong + 1 if recent(attempt.last, now, FORGOTTEN) else 1
    beyond = wrong - FREE[attempt.subject.partition(":")[0]]
    wait = min(FIRST_WAIT * 2 ** min(beyond, 10), LONGEST_WAIT) if beyond >= 0 else None
    return replace(attempt, wrong=wrong, last=now, locked_until=now + wait if wait else None)


Held = frozenset[tuple[str, str]]
"""(node of the tree of privileges, context)."""


def uncovered(perimeter: Mapping[str, frozenset[str]], others: Mapping[str, frozenset[str]]) -> list[str]:
    """The kinds in which `others` reaches beyond `perimeter`: a kind that is absent reaches everywhere."""
    return sorted(kind for kind, allowed in perimeter.items() if kind not in others or not others[kind] <= allowed)


def administrator_remains(before: Iterable[tuple[str, bool]], after: Iterable[tuple[str, bool]]) -> bool:
    """(operator, is a person) of those who hold everything at the institution and can come in. A person who did must
    stay, since a program's key may lie in no human hand; without any person, a program; and where nobody was there is
    nobody to lose."""
    people, all_ = {who for who, person in before if person}, {who for who, _ in before}
    left, left_people = {who for who, _ in after}, {who for who, person in after if person}
    return bool(left_people) if people else bool(left) or not all_
