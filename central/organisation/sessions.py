"""Sessions and what leads to one, as commands that central alone gives: who gives them has looked at the password or
the code already (sign_in.py), which takes longer than a transaction may."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated

from central.kernel.actor import ActorKind
from central.kernel.contexts import by_house_alone
from central.kernel.crud import NoChange
from central.kernel.entity import Between, Look, Ref, Secret
from central.kernel.personal_data import Personal, PersonalKind
from central.kernel.registry import handles
from central.kernel.spans import ahead
from central.kernel.tx import Read, Tx
from central.organisation.access_guard import by_the_house, closes, lately
from central.organisation.grants import at_row
from central.organisation.letters import forget_letters, tell_owner
from central.organisation.model import (
    Attempt,
    NoOperator,
    NoSignIn,
    Operator,
    OperatorKind,
    OrganisationPrivilege,
    SignInSession,
)
from central.organisation.rights import second_factor_demanded
from central.organisation.rules import FORGOTTEN_AT_ONCE, HALF_WAY, LONGEST, MOST_SESSIONS, counted, expired, locked
from central.organisation.second_factor import last_used
from central.organisation.sign_in_places import (
    EmailDigest,
    PlaceId,
    Subjects,
    attempt_id,
    forget_old,
    forgive,
    remember,
)
from central.web.kept_forms import KEPT_FOR
from shared.clock import to_ms
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused


def wait_for(read: Read, subjects: tuple[str, ...]) -> datetime | None:
    """Until when one of these has to wait."""
    return max(filter(None, (locked(read.get(Attempt, attempt_id(each)), read.now) for each in subjects)), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountAttempt:
    """One more try of these subjects, before anybody looks whether it is right. `beside`: it counts there too, but
    nobody is turned away for it."""

    subjects: Subjects
    beside: Subjects = ()


@handles(CountAttempt, needs=OrganisationPrivilege.SESSION_END, refuses=(NoSignIn,), at=by_house_alone, logged=False)
def count_attempt(tx: Tx, want: CountAttempt) -> Outcome[None]:
    until = wait_for(tx, want.subjects)
    if until:
        return Refused(NoSignIn.TOO_MANY, detail={"again": until.isoformat()})
    for subject in (*want.subjects, *want.beside):
        there = tx.get(Attempt, attempt_id(subject))
        if locked(there, tx.now):
            continue  # one beside: whoever may try all the same does not make the others wait longer
        after = counted(
            there or Attempt(id=attempt_id(subject), subject=subject, wrong=0, last=tx.now, locked_until=None), tx.now
        )
        # Not in the audit, nor in the log: these rows come and go as strangers like.
        tx.write(
            "INSERT INTO sign_in_attempt (id, subject, wrong, last, locked_until) "
            "VALUES (:id, :subject, :wrong, :last, :until) ON CONFLICT (id) DO UPDATE "
            "SET wrong = :wrong, last = :last, locked_until = :until",
            id=after.id, subject=after.subject, wrong=after.wrong, last=to_ms(after.last),
            until=to_ms(after.locked_until) if after.locked_until else None,
        )  # fmt: skip
    return Ok(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmSession:
    """The owner gave their password once more in this session (`verified` is the text it was compared with): for a
    while it is enough for what touches a way in. `tried`: what begins anew."""

    session_id: Annotated[Id, Ref("operator_session")]
    verified: Annotated[str, Secret()]
    tried: Subjects


@handles(ConfirmSession, needs=OrganisationPrivilege.SESSION_END, refuses=(NoSignIn,), at=by_house_alone)
def confirm_session(tx: Tx, want: ConfirmSession) -> Outcome[None]:
    found = _own(tx, want.session_id, want.verified)
    if isinstance(found, Refused):
        return found
    session = tx.get(SignInSession, want.session_id)
    assert session, "it led to its owner"
    tx.update(session, replace(session, confirmed=tx.now))
    forgive(tx, want.tried)
    return Ok(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginSession:
    """The password was right. `verified` is the kept text that it was compared with: if it is another by now, it was
    changed in between. `anew`: the same password, kept at today's costs. `instead_of`: this browser's session until
    now, which ends: nobody is signed in with a token they had before. `tried`: what the try counted on; `came_from`:
    where the operator has come in from now."""

    id: Id
    operator_id: Annotated[Id, Ref("operator")]
    token_digest: Annotated[str, Secret()]
    verified: Annotated[str, Secret()]
    anew: Annotated[str, Secret()]
    instead_of: Annotated[str, Secret()]
    tried: Subjects
    came_from: PlaceId
    typed_email: EmailDigest
    address: Annotated[str, Personal(PersonalKind.CONNECTION, "operator_id")]
    browser: Annotated[str, Personal(PersonalKind.CONNECTION, "operator_id")]
    longest_s: Annotated[int, Look.SECONDS] = int(LONGEST.total_seconds())


@handles(BeginSession, needs=OrganisationPrivilege.SESSION_END, refuses=(NoSignIn,), at=by_house_alone)
def begin_session(tx: Tx, want: BeginSession) -> Outcome[Id]:
    by_the_house(tx)
    operator = tx.get(Operator, want.operator_id)
    if operator is None or not operator.active or not operator.password or operator.password != want.verified:
        return Refused(NoSignIn.UNKNOWN)
    if want.anew:
        operator = tx.update(operator, replace(operator, password=want.anew))
    forgive(tx, want.tried)
    half = bool(operator.totp) or second_factor_demanded(tx, operator.id)
    lasts = min(HALF_WAY.total_seconds(), want.longest_s) if half else want.longest_s
    _begin(tx, operator.id, want.id, want.token_digest, want.instead_of, want.address, want.browser,
           until=lasts, second_factor=False)  # fmt: skip
    if not half:
        remember(tx, want.came_from, want.typed_email, operator.id)
    return Ok(want.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteSession:
    """The second factor was right: a session with a new token takes the place of the half one. `step` is the code's
    half minute, or `recovery` the digest of a code on paper, which is used up."""

    id: Id
    half_id: Annotated[Id, Ref("operator_session")]
    token_digest: Annotated[str, Secret()]
    step: int
    recovery: Annotated[str, Secret()]
    tried: Subjects
    came_from: PlaceId
    typed_email: EmailDigest
    longest_s: Annotated[int, Look.SECONDS] = int(LONGEST.total_seconds())


@handles(CompleteSession, needs=OrganisationPrivilege.SESSION_END, refuses=(NoSignIn,), at=by_house_alone)
def complete_session(tx: Tx, want: CompleteSession) -> Outcome[Id]:
    by_the_house(tx)
    half = tx.get(SignInSession, want.half_id)
    operator = tx.get(Operator, half.operator_id) if half else None
    if half is None or operator is None or not operator.active or expired(half, tx.now):
        return Refused(NoSignIn.SESSION_OVER)
    if want.recovery:
        if want.recovery not in operator.recovery:
            return Refused(NoSignIn.WRONG_CODE)
        left = tuple(each for each in operator.recovery if each != want.recovery)
        tx.update(operator, replace(operator, recovery=left))
        tell_owner(tx, operator, "recovery_code_used")
    elif want.step <= last_used(operator.totp_step, tx.now):  # clock: that is no step that is yet to come
        return Refused(NoSignIn.WRONG_CODE)  # used already: somebody may have read it over a shoulder
    else:
        tx.update(operator, replace(operator, totp_step=want.step))
    forgive(tx, want.tried)
    remember(tx, want.came_from, want.typed_email, operator.id)
    _begin(tx, operator.id, want.id, want.token_digest, half.token_digest, half.address, half.browser,
           until=want.longest_s, second_factor=True)  # fmt: skip
    return Ok(want.id)


def _begin(
    tx: Tx, operator_id: Id, session_id: Id, digest: str, instead_of: str, address: str, browser: str,
    *, until: float, second_factor: bool,
) -> None:  # fmt: skip
    there = tx.find(SignInSession, "WHERE operator_id = :id OR token_digest = :digest ORDER BY began DESC, id DESC",
                    id=operator_id, digest=instead_of)  # fmt: skip
    kept = 0
    for session in there:
        if session.token_digest == instead_of or expired(session, tx.now) or kept >= MOST_SESSIONS - 1:
            tx.delete(session)
        else:
            kept += 1
    ends = tx.now + timedelta(seconds=until)
    tx.insert(
        SignInSession(
            id=session_id,
            operator_id=operator_id,
            token_digest=digest,
            began=tx.now,
            seen=tx.now,
            until=ends,
            address=address,
            browser=browser[:200],
            second_factor=second_factor,
            confirmed=tx.now,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSeen:
    """A sign of life of a session: written down every few minutes, so that an idle one ends."""

    session_id: Annotated[Id, Ref("operator_session")]


@handles(NoteSeen, needs=OrganisationPrivilege.SESSION_END, at=by_house_alone)
def note_seen(tx: Tx, want: NoteSeen) -> Outcome[None]:  # log: only columns that are kept beside it
    tx.write("UPDATE operator_session SET seen = :now WHERE id = :id", now=to_ms(tx.now), id=want.session_id)
    return Ok(None)  # not in the audit, which tells of changes that somebody made


@dataclass(frozen=True, slots=True, kw_only=True)
class TidySessions:
    """Takes away what is over, by itself (no audit): sessions (an hour later, for a form that was under way), letters,
    failures in a row, places not seen for long. A piece of each at a time; answers with whether there may be more."""


@handles(TidySessions, needs=OrganisationPrivilege.SESSION_END, at=by_house_alone, gives=bool)
def tidy_sessions(tx: Tx, _: TidySessions) -> Outcome[bool]:  # clock: taken with what a wrong one put beyond its length
    by_the_house(tx)
    over = "WHERE id IN (SELECT id FROM operator_session WHERE until <= :now OR began > :ahead LIMIT :n)"
    ended = tx.remove(SignInSession, over, now=to_ms(tx.now - KEPT_FOR), ahead=ahead(tx.now), n=FORGOTTEN_AT_ONCE)
    return Ok(FORGOTTEN_AT_ONCE in (ended, *forget_old(tx, tx.now), forget_letters(tx)))


@dataclass(frozen=True, slots=True, kw_only=True)
class EndOwnSession:
    """Signs out, here or at another browser of one's own, for which the password has to be given again."""

    session_id: Annotated[Id, Ref("operator_session")]


@handles(EndOwnSession, needs=None, refuses=(NoSignIn, NoOperator))  # open: one's own session
def end_own_session(tx: Tx, want: EndOwnSession) -> Outcome[None]:
    session = tx.get(SignInSession, want.session_id)
    if session is None or tx.actor.kind is not ActorKind.OPERATOR or session.operator_id != tx.actor.id:
        return Refused(NoSignIn.SESSION_OVER, fix=want.session_id)
    refused = lately(tx)
    if refused and session.id != tx.actor.session:
        return refused
    tx.delete(session)
    return Ok(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLanguage:
    """The language that somebody wants to read."""

    language: str


@handles(SetLanguage, needs=None, refuses=(NoSignIn,))  # open: one's own language
def set_language(tx: Tx, want: SetLanguage) -> Outcome[None]:
    operator = tx.get(Operator, tx.actor.id) if tx.actor.kind is ActorKind.OPERATOR else None
    if operator is None:
        return Refused(NoSignIn.UNKNOWN)
    tx.update(operator, replace(operator, language=want.language))
    return Ok(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPassword:
    """A new password in the place of one that was just given. Every other session ends."""

    session_id: Annotated[Id, Ref("operator_session")]
    verified: Annotated[str, Secret()]
    password: Annotated[str, Secret()]


@handles(SetPassword, needs=OrganisationPrivilege.OPERATOR_MODIFY, refuses=(NoSignIn,), at=by_house_alone)
def set_password(tx: Tx, want: SetPassword) -> Outcome[None]:
    found = _own(tx, want.session_id, want.verified)
    if isinstance(found, Refused):
        return found
    tx.update(found, replace(found, password=want.password))
    end_sessions_of(tx, found.id, but=want.session_id)
    tell_owner(tx, found, "password_changed")
    return Ok(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSecondFactor:
    """A second factor that was just tried out, with its recovery codes' digests; the session counts as signed in with
    it, and gets a new token. `totp` empty: it is taken away, where no profile wants one. Every other session ends."""

    session_id: Annotated[Id, Ref("operator_session")]
    verified: Annotated[str, Secret()]
    totp: Annotated[str, Secret()]
    step: int
    recovery: Annotated[tuple[str, ...], Secret(), Between(most=20)]
    token_digest: Annotated[str, Secret()]
    longest_s: Annotated[int, Look.SECONDS] = int(LONGEST.total_seconds())


@handles(SetSecondFactor, needs=OrganisationPrivilege.OPERATOR_MODIFY, refuses=(NoSignIn,), at=by_house_alone)
def set_second_factor(tx: Tx, want: SetSecondFactor) -> Outcome[None]:
    found = _own(tx, want.session_id, want.verified)
    if isinstance(found, Refused):
        return found
    if not want.totp and second_factor_demanded(tx, found.id):
        return Refused(NoSignIn.SECOND_FACTOR_WANTED)
    before = tx.get(SignInSession, want.session_id)
    assert before
    tx.update(found, replace(found, totp=want.totp, totp_step=want.step, recovery=want.recovery))
    _begin(tx, found.id, tx.new_id("session"), want.token_digest, before.token_digest, before.address, before.browser,
           until=want.longest_s, second_factor=bool(want.totp))  # fmt: skip
    for session in tx.find(SignInSession, "WHERE operator_id = :id ORDER BY id", id=found.id):
        if session.token_digest != want.token_digest:
            tx.delete(session)
    tell_owner(tx, found, "second_factor_set" if want.totp else "second_factor_removed")
    return Ok(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRecoveryCodes:
    """New codes on paper; those before open nothing any more."""

    session_id: Annotated[Id, Ref("operator_session")]
    verified: Annotated[str, Secret()]
    recovery: Annotated[tuple[str, ...], Secret(), Between(most=20)]


@handles(SetRecoveryCodes, needs=OrganisationPrivilege.OPERATOR_MODIFY, refuses=(NoSignIn,), at=by_house_alone)
def set_recovery_codes(tx: Tx, want: SetRecoveryCodes) -> Outcome[None]:
    found = _own(tx, want.session_id, want.verified)
    if isinstance(found, Refused):
        return found
    tx.update(found, replace(found, recovery=want.recovery))
    tell_owner(tx, found, "recovery_codes_renewed")
    return Ok(None)


def _own(tx: Tx, session_id: Id, verified: str) -> Operator | Refused:
    """The owner of a session whose password is still the one that was compared, for a command that central gives."""
    by_the_house(tx)
    session = tx.get(SignInSession, session_id)
    operator = tx.get(Operator, session.operator_id) if session else None
    if operator is None or not operator.active or operator.kind is not OperatorKind.PERSON:
        return Refused(NoSignIn.SESSION_OVER)
    return operator if operator.password == verified else Refused(NoSignIn.UNKNOWN)


# --- signing others out ---


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSession:
    """Signs somebody out at one browser."""

    session_id: Annotated[Id, Ref("operator_session")]


@handles(
    EndSession,
    needs=OrganisationPrivilege.SESSION_END,
    refuses=(NoChange, NoOperator),
    at=at_row(SignInSession, "session_id"),
)
def end_session(tx: Tx, want: EndSession) -> Outcome[None]:
    session = tx.get(SignInSession, want.session_id)
    if session is None:
        return Refused(NoChange.NO_SUCH, fix=want.session_id)
    if refused := closes(tx, session.operator_id):
        return refused
    tx.delete(session)
    return Ok(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSessions:
    """Signs somebody out everywhere."""

    operator_id: Annotated[Id, Ref("operator")]


@handles(EndSessions, needs=OrganisationPrivilege.SESSION_END, refuses=(NoOperator,))
def end_sessions(tx: Tx, want: EndSessions) -> Outcome[None]:
    if refused := closes(tx, want.operator_id):
        return refused
    end_sessions_of(tx, want.operator_id)
    return Ok(None)


def end_sessions_of(tx: Tx, operator_id: str, but: str = "") -> None:
    for each in tx.find(SignInSession, "WHERE operator_id = :id AND id <> :but ORDER BY id", id=operator_id, but=but):
        tx.delete(each)
