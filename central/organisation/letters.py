"""One-time links that let somebody set a password, and the mails that tell an owner what happened to their operator.

The token of a link is made by who sends it, at the moment of sending: neither the log, nor the outbox, nor a backup
holds anything that opens an operator. A mail that has to be sent again carries the same one (mail.py).
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Any

from central.kernel.contexts import by_house_alone
from central.kernel.entity import ENTITIES, Look, Ref, Secret
from central.kernel.personal_data import Personal, PersonalKind
from central.kernel.registry import handles
from central.kernel.spans import ahead, recent
from central.kernel.tx import Read, Tx
from central.kernel.values import faults_of
from central.organisation.access_guard import by_the_house
from central.organisation.model import (
    AskedBy,
    Letter,
    LetterKind,
    NoSignIn,
    Operator,
    OperatorKind,
    OrganisationPrivilege,
    SignInSession,
)
from central.organisation.rules import (
    ADDRESS_FOR,
    FORGOTTEN_AT_ONCE,
    INVITATION_FOR,
    LETTER_EVERY,
    MOST_LETTERS,
    RESET_FOR,
    is_good,
)
from central.organisation.sign_in_places import EmailDigest, PlaceId, Subjects, forgive, remember
from shared.clock import from_ms, to_ms
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused

MAIL = "mail"  # the outbox's kind
AT_ONCE = timedelta(minutes=1)
KEPT_FOR = timedelta(days=90)
_LASTS = {LetterKind.INVITATION: INVITATION_FOR, LetterKind.RESET: RESET_FOR, LetterKind.ADDRESS: ADDRESS_FOR}
PASSWORD = (LetterKind.INVITATION, LetterKind.RESET)  # the kinds whose link sets a password


def ask_letter(
    tx: Tx, operator: Operator, by: AskedBy, *, by_mail: bool = True, email: str | None = None
) -> Letter | Refused:
    """A new letter, to a new address `email` or about the password. Those of its kind before open nothing any more,
    unless a stranger asked: nobody shuts a link by knowing an address. Refused: enough were asked for within the hour,
    and when there is room again."""
    password = LetterKind.RESET if operator.password else LetterKind.INVITATION
    kind = LetterKind.ADDRESS if email else password
    hour = timedelta(hours=1)
    # clock: taken with what a wrong clock put beyond its length
    written = tx.run(
        "SELECT asked FROM operator_letter WHERE operator_id = :id AND kind = :kind AND asked > :since "
        "AND asked <= :ahead AND COALESCE(asked_by, :house) = :by ORDER BY asked DESC LIMIT :most",
        id=operator.id, kind=kind, since=to_ms(tx.now - hour), ahead=ahead(tx.now), by=by, house=AskedBy.HOUSE,
        most=MOST_LETTERS[by],
    )  # fmt: skip
    if len(written) == MOST_LETTERS[by]:
        until = from_ms(written[-1][0]) + hour
        return Refused(NoSignIn.TOO_MANY, fix=operator.id, detail={"again": until.isoformat()})
    if by is not AskedBy.STRANGER:
        void_letters(tx, operator.id, (kind,) if email else PASSWORD)
    letter = Letter(
        id=tx.new_id("letter"),
        operator_id=operator.id,
        kind=kind,
        token_digest=None,
        asked=tx.now,
        until=tx.now + _LASTS[kind],
        used=None,
        email=email,
        asked_by=by,
    )
    tx.insert(letter)
    if by_mail:
        tx.tell(MAIL, {"letter": letter.id})
    return letter


def void_letters(tx: Tx, operator_id: Id, kinds: tuple[LetterKind, ...] = tuple(LetterKind)) -> None:
    """Links that are on their way open nothing any more."""
    for letter in _under_way(tx, operator_id):
        if letter.kind in kinds:
            tx.update(letter, replace(letter, until=tx.now))


def _under_way(read: Read, operator_id: Id) -> list[Letter]:
    # clock: taken with what a wrong clock put beyond its length
    found = read.find(
        Letter, "WHERE operator_id = :id AND used IS NULL AND until > :now ORDER BY id",
        id=operator_id, now=to_ms(read.now),
    )  # fmt: skip
    return [letter for letter in found if is_good(letter, read.now)]


def forget_letters(tx: Tx) -> int:
    """Those that opened nothing any more for long, a piece at a time: each reset somebody asks for leaves one. Answers
    with their number."""
    # clock: final, and waits for a steady clock
    old = "SELECT id FROM operator_letter WHERE until <= :old ORDER BY until, id LIMIT :n"
    return tx.remove(Letter, f"WHERE id IN ({old})", old=to_ms(tx.now - KEPT_FOR), n=FORGOTTEN_AT_ONCE)


def tell_owner(tx: Tx, operator: Operator, what: str, to: str = "") -> None:
    """A mail about something that happened to their operator: if it was not them, they hear of it."""
    address = to or operator.email
    if address:
        sealed = {"to": tx.sealed(operator, "email", address), "name": tx.sealed(operator, "name", operator.name)}
        tx.tell(MAIL, {"notice": what, **sealed, "language": operator.language})


@dataclass(frozen=True, slots=True, kw_only=True)
class AskReset:
    """Somebody says that they forgot their password. The answer is the same whether the address is known or not; who
    asks while a letter of a few minutes ago is under way gets no other. `known`: they ask from where the operator came
    in before."""

    email: Annotated[str, Secret()]
    known: bool = False


@handles(AskReset, needs=OrganisationPrivilege.OPERATOR_MODIFY, refuses=(NoSignIn,), at=by_house_alone, logged=False)
def ask_reset(tx: Tx, want: AskReset) -> Outcome[None]:
    tx.counter("resets asked for")  # so that it comes to a commit, and takes its time, for an unknown address too
    by_the_house(tx)
    for operator in tx.find(Operator, "WHERE email = :email", email=want.email):
        if operator.active and operator.kind is OperatorKind.PERSON and not _just_written(tx, operator.id):
            ask_letter(tx, operator, AskedBy.OWNER if want.known else AskedBy.STRANGER)
    return Ok(None)


def _just_written(read: Read, operator_id: Id) -> bool:
    under_way = _under_way(read, operator_id)
    return any(each.kind in PASSWORD and recent(each.asked, read.now, LETTER_EVERY) for each in under_way)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskLink:
    """A link that is handed over by whoever asks, without a mail: the console's first one, or where no mail leaves the
    house. `token_digest` is of the token that they made."""

    operator_id: Annotated[Id, Ref("operator")]
    token_digest: Annotated[str, Secret()]


@handles(AskLink, needs=OrganisationPrivilege.OPERATOR_MODIFY, refuses=(NoSignIn,), at=by_house_alone)
def ask_link(tx: Tx, want: AskLink) -> Outcome[None]:
    by_the_house(tx)
    operator = tx.get(Operator, want.operator_id)
    if operator is None or not operator.active or operator.kind is not OperatorKind.PERSON:
        return Refused(NoSignIn.UNKNOWN, fix=want.operator_id)
    for each in _under_way(tx, operator.id):
        if each.asked_by is AskedBy.HOUSE and each.token_digest is None and recent(each.asked, tx.now, AT_ONCE):
            tx.delete(each)  # it was just asked for, with this link in mind: the link takes its place
    letter = ask_letter(tx, operator, AskedBy.HOUSE, by_mail=False)
    if isinstance(letter, Refused):
        return letter
    tx.update(letter, replace(letter, token_digest=want.token_digest))
    return Ok(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class StampLetter:
    """The letter leaves now, with a token of this digest."""

    letter_id: Annotated[Id, Ref("operator_letter")]
    token_digest: Annotated[str, Secret()]


@handles(StampLetter, needs=OrganisationPrivilege.OPERATOR_MODIFY, refuses=(NoSignIn,), at=by_house_alone)
def stamp_letter(tx: Tx, want: StampLetter) -> Outcome[None]:
    """Refused: it is void by now."""
    by_the_house(tx)
    letter = tx.get(Letter, want.letter_id)
    operator = tx.get(Operator, letter.operator_id) if letter else None
    if letter is None or operator is None or not operator.active or not is_good(letter, tx.now):
        return Refused(NoSignIn.LINK_OVER, fix=want.letter_id)
    tx.update(letter, replace(letter, token_digest=want.token_digest))
    return Ok(None)


def addressed(read: Read, letter_id: Id) -> dict[str, Any] | None:
    """What a stamped letter says, and to whom; None: both are gone by now."""
    letter = read.get(Letter, letter_id)
    operator = read.get(Operator, letter.operator_id) if letter else None
    if letter is None or operator is None:
        return None
    return {
        "kind": letter.kind,
        "to": letter.email or operator.email,
        "name": operator.name,
        "language": operator.language,
    }


def open_letter(read: Read, token_digest: str, kinds: tuple[LetterKind, ...]) -> tuple[Letter, Operator] | None:
    """The letter that a link belongs to, as long as it opens anything, and if it is one of these: what goes to an
    address that is not proved yet must not set a password."""
    found = read.find(Letter, "WHERE token_digest = :digest", digest=token_digest)
    letter = found[0] if found else None
    if letter is None or letter.kind not in kinds or not is_good(letter, read.now):
        return None
    operator = read.get(Operator, letter.operator_id)
    return (letter, operator) if operator and operator.active else None


@dataclass(frozen=True, slots=True, kw_only=True)
class UseLetter:
    """Sets the password through a link, once. All sessions end; a second factor stays what it was, so that a letter
    box alone opens nothing where one is set up. Whatever other link is under way opens nothing any more. `tried`: what
    the owner need not wait for any more; `came_from`: where they are, and come in from now on."""

    token_digest: Annotated[str, Secret()]
    password: Annotated[str, Secret()]
    tried: Subjects
    came_from: PlaceId
    typed_email: EmailDigest


@handles(UseLetter, needs=OrganisationPrivilege.OPERATOR_MODIFY, refuses=(NoSignIn,), at=by_house_alone)
def use_letter(tx: Tx, want: UseLetter) -> Outcome[Id]:
    by_the_house(tx)
    found = open_letter(tx, want.token_digest, PASSWORD)
    if found is None:
        return Refused(NoSignIn.LINK_OVER)
    letter, operator = found
    tx.update(letter, replace(letter, used=tx.now))
    tx.update(operator, replace(operator, password=want.password))
    for session in tx.find(SignInSession, "WHERE operator_id = :id ORDER BY id", id=operator.id):
        tx.delete(session)
    void_letters(tx, operator.id)
    forgive(tx, want.tried)
    remember(tx, want.came_from, want.typed_email, operator.id)
    if letter.kind is LetterKind.RESET:
        tell_owner(tx, operator, "password_changed")
    return Ok(operator.id)


# --- one's own address ---


@dataclass(frozen=True, slots=True, kw_only=True)
class AskAddress:
    """Somebody who just gave their password wants another mail address. The one they have is told before anything
    changes; it changes when the link that goes to the new one is opened, or, where no mail leaves the house, at once.
    `verified` is the kept text that the password was compared with."""

    session_id: Annotated[Id, Ref("operator_session")]
    verified: Annotated[str, Secret()]
    email: Annotated[str, Look.EMAIL, Personal(PersonalKind.CONTACT, "")]
    at_once: bool


@handles(AskAddress, needs=OrganisationPrivilege.OPERATOR_MODIFY, refuses=(NoSignIn,), at=by_house_alone)
def ask_address(tx: Tx, want: AskAddress) -> Outcome[None]:
    by_the_house(tx)
    session = tx.get(SignInSession, want.session_id)
    owner = tx.get(Operator, session.operator_id) if session else None
    if owner is None or not owner.active or owner.password != want.verified:
        return Refused(NoSignIn.SESSION_OVER)
    faults = faults_of(ENTITIES[Operator].column("email"), want.email)
    if faults:
        return Refused(NoSignIn.NOT_AN_ADDRESS, fix="email")
    if _taken(tx, want.email):
        return Refused(NoSignIn.ADDRESS_TAKEN, fix="email")
    if want.at_once:
        return _moved(tx, owner, want.email)
    letter = ask_letter(tx, owner, AskedBy.OWNER, email=want.email)
    if isinstance(letter, Refused):
        return letter
    tell_owner(tx, owner, "mail_address_asked")
    return Ok(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class UseAddress:
    """The link that went to a new address was opened: it is the operator's from now on."""

    token_digest: Annotated[str, Secret()]


@handles(UseAddress, needs=OrganisationPrivilege.OPERATOR_MODIFY, refuses=(NoSignIn,), at=by_house_alone)
def use_address(tx: Tx, want: UseAddress) -> Outcome[None]:
    by_the_house(tx)
    found = open_letter(tx, want.token_digest, (LetterKind.ADDRESS,))
    if found is None:
        return Refused(NoSignIn.LINK_OVER)
    letter, owner = found
    if not letter.email or _taken(tx, letter.email):
        return Refused(NoSignIn.ADDRESS_TAKEN, fix="email")
    tx.update(letter, replace(letter, used=tx.now))
    return _moved(tx, owner, letter.email)


def _taken(read: Read, email: str) -> bool:
    return read.one("SELECT 1 FROM operator WHERE email = :email", email=email) is not None


def _moved(tx: Tx, owner: Operator, email: str) -> Outcome[None]:
    tx.update(owner, replace(owner, email=email))
    void_letters(tx, owner.id)
    tell_owner(tx, owner, "mail_address_changed")
    return Ok(None)
