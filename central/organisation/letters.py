"""One-time links that let somebody set a password, and the mails that tell an owner what happened to their account.

The token of a link is made by who sends it, at the moment of sending: neither the log, nor the outbox, nor a backup
holds anything that opens an account. A mail that has to be sent again carries a new token; the one before is void.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Any

from central.kernel.entity import Ref, Secret
from central.kernel.registry import handles
from central.kernel.tx import Read, Tx
from central.organisation.contexts import by_house_alone
from central.organisation.model import Letter, LetterKind, NoSignIn, Operator, OperatorKind, Privilege, Session
from central.organisation.rules import INVITATION_FOR, MOST_LETTERS, RESET_FOR
from shared.clock import to_ms
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused

MAIL = "mail"  # the outbox's kind
_LASTS = {LetterKind.INVITATION: INVITATION_FOR, LetterKind.RESET: RESET_FOR}


def ask_letter(tx: Tx, operator_id: Id, kind: LetterKind, *, by_mail: bool = True) -> Letter | None:
    """A new letter; those before open nothing any more. None: enough were asked for within the hour."""
    since = to_ms(tx.now - timedelta(hours=1))
    recent = tx.one(
        "SELECT COUNT(*) FROM operator_letter WHERE operator_id = :id AND kind = :kind AND asked > :since",
        id=operator_id, kind=kind, since=since,
    )  # fmt: skip
    if recent and recent[0] >= MOST_LETTERS:
        return None
    void_letters(tx, operator_id)
    letter = Letter(tx.new_id("letter"), operator_id, kind, None, tx.now, tx.now + _LASTS[kind], None)
    tx.insert(letter)
    if by_mail:
        tx.tell(MAIL, {"letter": letter.id})
    return letter


def void_letters(tx: Tx, operator_id: Id) -> None:
    """Links that are on their way open nothing any more."""
    for letter in tx.find(Letter, "WHERE operator_id = :id AND used IS NULL ORDER BY id", id=operator_id):
        if letter.until > tx.now:
            tx.update(letter, replace(letter, until=tx.now))


def tell_owner(tx: Tx, operator: Operator, what: str, to: str = "") -> None:
    """A mail about something that happened to their account: if it was not them, they hear of it."""
    address = to or operator.email
    if address:
        tx.tell(MAIL, {"notice": what, "to": address, "name": operator.name, "language": operator.language})


@dataclass(frozen=True, slots=True)
class AskReset:
    """Somebody says that they forgot their password. The answer is the same whether the address is known or not."""

    email: Annotated[str, Secret()]


@handles(AskReset, needs=Privilege.OPERATOR_MODIFY, at=by_house_alone)
def ask_reset(tx: Tx, want: AskReset) -> Outcome[None]:
    for operator in tx.find(Operator, "WHERE email = :email", email=want.email):
        if operator.active and operator.kind is OperatorKind.PERSON:
            ask_letter(tx, operator.id, LetterKind.RESET if operator.password else LetterKind.INVITATION)
    return Ok(None)


@dataclass(frozen=True, slots=True)
class AskLink:
    """A link that is handed over by whoever asks, without a mail: the console's first one, or where no mail leaves the
    house. `token_digest` is of the token that they made."""

    operator_id: Annotated[Id, Ref("operator")]
    token_digest: Annotated[str, Secret()]


@handles(AskLink, needs=Privilege.OPERATOR_MODIFY, at=by_house_alone)
def ask_link(tx: Tx, want: AskLink) -> Outcome[None]:
    operator = tx.get(Operator, want.operator_id)
    if operator is None or not operator.active or operator.kind is not OperatorKind.PERSON:
        return Refused(NoSignIn.UNKNOWN, fix=want.operator_id)
    letter = ask_letter(
        tx, operator.id, LetterKind.RESET if operator.password else LetterKind.INVITATION, by_mail=False
    )
    if letter is None:
        return Refused(NoSignIn.TOO_MANY, fix=want.operator_id)
    tx.update(letter, replace(letter, token_digest=want.token_digest))
    return Ok(None)


@dataclass(frozen=True, slots=True)
class StampLetter:
    """The letter leaves now, with a token of this digest."""

    letter_id: Annotated[Id, Ref("operator_letter")]
    token_digest: Annotated[str, Secret()]


@handles(StampLetter, needs=Privilege.OPERATOR_MODIFY, at=by_house_alone)
def stamp_letter(tx: Tx, want: StampLetter) -> Outcome[dict[str, Any]]:
    """What the letter says, or that it is void by now."""
    letter = tx.get(Letter, want.letter_id)
    operator = tx.get(Operator, letter.operator_id) if letter else None
    if letter is None or operator is None or not operator.active or letter.used or letter.until <= tx.now:
        return Refused(NoSignIn.LINK_OVER, fix=want.letter_id)
    tx.update(letter, replace(letter, token_digest=want.token_digest))
    return Ok(
        {"kind": letter.kind, "to": operator.email, "name": operator.name, "language": operator.language,
         "until": letter.until}
    )  # fmt: skip


def open_letter(read: Read, token_digest: str) -> tuple[Letter, Operator] | None:
    """The letter that a link belongs to, as long as it opens anything."""
    found = read.find(Letter, "WHERE token_digest = :digest", digest=token_digest)
    letter = found[0] if found else None
    if letter is None or letter.used or letter.until <= read.now:
        return None
    operator = read.get(Operator, letter.operator_id)
    return (letter, operator) if operator and operator.active else None


@dataclass(frozen=True, slots=True)
class UseLetter:
    """Sets the password through a link, once. All sessions end; a second factor stays what it was, so that a letter
    box alone opens nothing where one is set up. `forgive`: the failures that the owner need not wait for any more."""

    token_digest: Annotated[str, Secret()]
    password: Annotated[str, Secret()]
    forgive: Id


@handles(UseLetter, needs=Privilege.OPERATOR_MODIFY, at=by_house_alone)
def use_letter(tx: Tx, want: UseLetter) -> Outcome[Id]:
    found = open_letter(tx, want.token_digest)
    if found is None:
        return Refused(NoSignIn.LINK_OVER)
    letter, operator = found
    tx.update(letter, replace(letter, used=tx.now))
    tx.update(operator, replace(operator, password=want.password))
    for session in tx.find(Session, "WHERE operator_id = :id ORDER BY id", id=operator.id):
        tx.delete(session)
    tx.write("DELETE FROM sign_in_attempt WHERE id = :id", id=want.forgive)
    if letter.kind is LetterKind.RESET:
        tell_owner(tx, operator, "password_changed")
    return Ok(operator.id)
