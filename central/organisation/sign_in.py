"""Signing in: what happens between the form and the session. The door's commands keep the facts (sessions.py,
letters.py); here is what takes time or chance: looking at passwords and codes, making tokens.

Whether an operator exists is told by nothing: an unknown one is counted, waits and is compared like a known one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

from central.kernel.actor import SYSTEM, Actor, ActorKind
from central.kernel.contexts import the_institution
from central.kernel.door import Door
from central.kernel.tx import Read
from central.kernel.vault import Vault
from central.organisation.letters import PASSWORD, AskAddress, AskLink, AskReset, UseAddress, UseLetter, open_letter
from central.organisation.model import Letter, LetterKind, NoSignIn, Operator, OperatorKind, SignInSession
from central.organisation.operators import mail_address
from central.organisation.passwords import Passwords, TooManySignIns
from central.organisation.rights import actor_of, second_factor_demanded
from central.organisation.rules import SessionStanding, seen_long_ago, standing
from central.organisation.second_factor import bare, new_recovery_codes, step_of
from central.organisation.sessions import (
    BeginSession,
    CompleteSession,
    ConfirmSession,
    CountAttempt,
    NoteSeen,
    SetPassword,
    SetRecoveryCodes,
    SetSecondFactor,
    wait_for,
)
from central.organisation.settings import SignInConfig
from central.organisation.sign_in_places import SignInPlace, Tried, device_of, devices, is_known, place_id, with_device
from central.web.limits import counted_as
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused
from shared.runtime.system import SystemClock, fresh_id


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser: from where, which, and what its cookies hold (or nothing): the session's token, and its marks of the
    operators that came in with it before (sign_in_places.py)."""

    address: str
    browser: str
    token: str = ""
    devices: str = ""

    @property
    def by_system(self) -> Actor:
        """Central, on this browser's behalf: the log keeps from where."""
        return replace(SYSTEM, origin=f"web {self.address}")


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session with its owner, and what it opens."""

    session: SignInSession
    operator: Operator
    standing: SessionStanding
    actor: Actor


def digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


class SignIn:
    def __init__(self, door: Door, vault: Vault, config: SignInConfig) -> None:
        self._door, self._vault, self._config = door, vault, config
        self.passwords = Passwords(config.passwords)
        self._clock = SystemClock()

    # --- who is there -------------------------------------------------------------------------------------------------

    async def find(self, visitor: Visitor) -> OpenSession | None:
        """The session that this browser's cookie names, unless it is over."""
        if not visitor.token:
            return None
        idle = timedelta(seconds=self._config.idle_s)

        def look(read: Read) -> tuple[OpenSession | None, bool]:
            sessions = read.find(SignInSession, "WHERE token_digest = :digest", digest=digest(visitor.token))
            operator = read.get(Operator, sessions[0].operator_id) if sessions else None
            if operator is None:
                return None, False
            stands = standing(sessions[0], operator, second_factor_demanded(read, operator.id), read.now, idle)
            if stands is SessionStanding.OVER:
                return None, False
            actor = replace(actor_of(read, operator, f"web {visitor.address}"), session=sessions[0].id)
            return OpenSession(sessions[0], operator, stands, actor), seen_long_ago(sessions[0], read.now, idle)

        found: OpenSession | None
        found, stale = await self._read(look)
        if found and stale:
            await self._do(visitor, NoteSeen(session_id=found.session.id))
        return found

    # --- the way in ---------------------------------------------------------------------------------------------------

    async def enter(self, visitor: Visitor, email: str, password: str) -> Outcome[str]:
        """The token of a session: of a whole one, or of one that a code is still wanted for."""
        email = mail_address(email)[:320]
        place = await self._place(visitor, email)
        tried = place.tried()
        refused = await self._counted(visitor, tried)
        if refused:
            return refused

        def look(read: Read) -> Operator | None:
            found = read.find(Operator, "WHERE email = :email", email=email)
            person = bool(found) and found[0].active and found[0].kind is OperatorKind.PERSON
            return found[0] if person else None

        operator: Operator | None = await self._read(look)
        kept = operator.password if operator else ""
        try:
            right = await self.passwords.right(kept, password)
            if not right or operator is None:
                return await self._turned_away(tried.beside) or Refused(NoSignIn.UNKNOWN)
            anew = await self.passwords.kept(password) if self.passwords.outdated(kept) else ""
        except TooManySignIns:
            return Refused(NoSignIn.BUSY)
        token = token_urlsafe(32)
        begun = await self._do(
            visitor,
            BeginSession(
                id=self._id(),
                operator_id=operator.id,
                token_digest=digest(token),
                verified=kept,
                anew=anew,
                instead_of=digest(visitor.token) if visitor.token else "",
                tried=tried.all,
                came_from=place.id,
                typed_email=place.typed_email,
                address=visitor.address,
                browser=visitor.browser,
                longest_s=self._config.longest_s,
            ),
            operator.id,
        )
        return Ok(token) if isinstance(begun, Ok) else begun

    async def complete(self, visitor: Visitor, code: str) -> Outcome[str]:
        """The token of the whole session, for a code of the telephone or one on paper."""
        found = await self.find(visitor)
        if found is None or found.standing is not SessionStanding.CODE_WANTED:
            return Refused(NoSignIn.SESSION_OVER)
        operator = found.operator
        place = await self._place(visitor, operator.email or "")
        tried = place.tried("code", operator.id)
        refused = await self._counted(visitor, tried)
        if refused:
            return refused
        step, recovery = await self._code(operator, code)
        if step is None and not recovery:
            return await self._turned_away(tried.beside) or Refused(NoSignIn.WRONG_CODE)
        token = token_urlsafe(32)
        done = await self._do(
            visitor,
            CompleteSession(
                id=self._id(),
                half_id=found.session.id,
                token_digest=digest(token),
                step=step or 0,
                recovery=recovery,
                tried=tried.all,
                came_from=place.id,
                typed_email=place.typed_email,
                longest_s=self._config.longest_s,
            ),
            operator.id,
        )
        return Ok(token) if isinstance(done, Ok) else done

    async def _code(self, operator: Operator, code: str) -> tuple[int | None, str]:
        """The half minute of a right code, or the digest of a right one on paper."""
        seed = self._vault.open(operator.totp, operator.id)
        now = await self._read(lambda read: read.now)
        step = step_of(seed, code, now, operator.totp_step) if seed else None
        recovery = self._recovery(operator.id, code)
        return step, recovery if step is None and recovery in operator.recovery else ""

    # --- the operator -------------------------------------------------------------------------------------------------

    async def confirmed(self, visitor: Visitor, found: OpenSession, password: str) -> Refused | None:
        """Whether it is still the owner who sits there: asked before anything that opens the operator is changed.
        Counted for this session alone: nobody elsewhere makes its owner wait."""
        tried = Tried((f"session:{found.session.id}",))
        refused = await self._counted(visitor, tried)
        if refused:
            return refused
        try:
            right = await self.passwords.right(found.operator.password, password)
        except TooManySignIns:
            return Refused(NoSignIn.BUSY)
        if not right:
            return Refused(NoSignIn.UNKNOWN)
        command = ConfirmSession(session_id=found.session.id, verified=found.operator.password, tried=tried.all)
        done = await self._do(visitor, command, found.operator.id)
        return done if isinstance(done, Refused) else None

    async def ask_address(self, visitor: Visitor, found: OpenSession, email: str, *, at_once: bool) -> Refused | None:
        """`confirmed` comes first."""
        command = AskAddress(
            session_id=found.session.id, verified=found.operator.password, email=mail_address(email), at_once=at_once
        )
        done = await self._do(visitor, command, found.operator.id)
        return done if isinstance(done, Refused) else None

    async def change_password(self, visitor: Visitor, found: OpenSession, password: str) -> Outcome[None]:
        """`confirmed` comes first."""
        weak = await self._weak(found.operator, password)
        if weak:
            return weak
        kept = await self.passwords.kept(password)
        return await self._do(
            visitor,
            SetPassword(session_id=found.session.id, verified=found.operator.password, password=kept),
            found.operator.id,
        )

    async def set_second_factor(
        self, visitor: Visitor, found: OpenSession, seed: str, code: str
    ) -> Outcome[tuple[str, list[str]]]:
        """The session's new token and the codes on paper, shown this once."""
        step = step_of(seed, code, await self._read(lambda read: read.now), 0)
        if step is None:
            return Refused(NoSignIn.WRONG_CODE)
        codes, token = new_recovery_codes(), token_urlsafe(32)
        operator = found.operator
        recovery = tuple(self._recovery(operator.id, each) for each in codes)
        sealed = self._vault.seal(seed, operator.id)
        done = await self._do(
            visitor,
            SetSecondFactor(
                session_id=found.session.id,
                verified=operator.password,
                totp=sealed,
                step=step,
                recovery=recovery,
                token_digest=digest(token),
                longest_s=self._config.longest_s,
            ),
            operator.id,
        )
        return Ok((token, codes)) if isinstance(done, Ok) else done

    async def remove_second_factor(self, visitor: Visitor, found: OpenSession) -> Outcome[str]:
        """The session's new token."""
        token = token_urlsafe(32)
        command = SetSecondFactor(
            session_id=found.session.id,
            verified=found.operator.password,
            totp="",
            step=0,
            recovery=(),
            token_digest=digest(token),
            longest_s=self._config.longest_s,
        )
        done = await self._do(visitor, command, found.operator.id)
        return Ok(token) if isinstance(done, Ok) else done

    async def renew_recovery_codes(self, visitor: Visitor, found: OpenSession) -> Outcome[list[str]]:
        codes = new_recovery_codes()
        recovery = tuple(self._recovery(found.operator.id, each) for each in codes)
        command = SetRecoveryCodes(session_id=found.session.id, verified=found.operator.password, recovery=recovery)
        done = await self._do(visitor, command, found.operator.id)
        return Ok(codes) if isinstance(done, Ok) else done

    # --- letters ------------------------------------------------------------------------------------------------------

    async def ask_reset(self, visitor: Visitor, email: str) -> Refused | None:
        """Who asks too often waits; nothing else is ever said."""
        email = mail_address(email)[:320]
        place = await self._place(visitor, email)
        refused = await self._counted(visitor, place.tried("letter", apart=True))
        if refused is None:
            await self._do(visitor, AskReset(email=email, known=place.known or bool(place.device)))
        return refused

    async def letter(self, token: str, kinds: tuple[LetterKind, ...] = PASSWORD) -> tuple[Letter, Operator] | None:
        found: tuple[Letter, Operator] | None = await self._read(lambda read: open_letter(read, digest(token), kinds))
        return found

    async def use_address(self, visitor: Visitor, token: str) -> Refused | None:
        """The link that went to a new address."""
        found = await self.letter(token, (LetterKind.ADDRESS,))
        done = await self._do(visitor, UseAddress(token_digest=digest(token)), found[1].id if found else "")
        return done if isinstance(done, Refused) else None

    async def use_letter(self, visitor: Visitor, token: str, password: str) -> Outcome[Id]:
        found = await self.letter(token)
        if found is None:
            return Refused(NoSignIn.LINK_OVER)
        operator = found[1]
        try:
            weak = await self._weak(operator, password)
            if weak:
                return weak
            kept = await self.passwords.kept(password)
        except TooManySignIns:
            return Refused(NoSignIn.BUSY)
        place = await self._place(visitor, operator.email or "")
        tried = (f"password:{place.typed_email}", place.tried().waits[0])
        command = UseLetter(
            token_digest=digest(token), password=kept, tried=tried, came_from=place.id, typed_email=place.typed_email
        )
        return await self._do(visitor, command, operator.id)

    async def link(self, actor: Actor, operator_id: Id) -> Outcome[str]:
        """A link's token, to be handed over by who asked: they were allowed to before (or are the console)."""
        token = token_urlsafe(32)
        asker, command = (
            replace(SYSTEM, origin=actor.origin, behalf=actor.label),
            AskLink(operator_id=operator_id, token_digest=digest(token)),
        )
        reply = await self._door.execute(asker, command, self._id())
        return Ok(token) if reply.ok else reply.outcome

    # --- what all of it needs -----------------------------------------------------------------------------------------

    async def _weak(self, operator: Operator, password: str) -> Refused | None:
        def look(read: Read) -> list[str]:
            house = the_institution(read)
            return [*house.names.values()] if house else []

        own = [operator.name, operator.email or "", *await self._read(look)]
        fault = await self.passwords.weakness(password, own)
        return Refused(NoSignIn.WEAK_PASSWORD, fix="password", detail={"fault": fault}) if fault else None

    def device(self, visitor: Visitor, found: OpenSession) -> str:
        """The cookie by which this browser is known from now on, once it came in; nothing where it is already."""
        typed_email = self._typed_email(found.operator.email or "")
        return (
            ""
            if device_of(self._vault, visitor.devices, typed_email)
            else with_device(self._vault, visitor.devices, typed_email)
        )

    def mark(self, cookie: str) -> str:
        return next(iter(devices(self._vault, cookie).values()), "") if cookie else ""

    async def _place(self, visitor: Visitor, email: str) -> SignInPlace:
        typed_email, address = self._typed_email(email), counted_as(visitor.address)
        at = place_id(self._vault, typed_email, address)
        known: bool = await self._read(lambda read: is_known(read, at))
        return SignInPlace(typed_email, address, at, device_of(self._vault, visitor.devices, typed_email), known)

    async def _counted(self, visitor: Visitor, tried: Tried) -> Refused | None:
        """Who has to wait is turned away without a trace in the database, however often they come."""
        if refused := await self._turned_away(tried.waits):
            return refused
        outcome = await self._do(visitor, CountAttempt(subjects=tried.waits, beside=tried.beside))
        return outcome if isinstance(outcome, Refused) else None

    async def _turned_away(self, subjects: tuple[str, ...]) -> Refused | None:
        """Who shares an address that has to wait is told so where the password was wrong, as everybody there is."""
        until = await self._read(lambda read: wait_for(read, subjects))
        return Refused(NoSignIn.TOO_MANY, detail={"again": until.isoformat()}) if until else None

    def _typed_email(self, email: str) -> str:
        return self._vault.digest("account", email)  # what such digests were first made under

    def _recovery(self, operator_id: str, code: str) -> str:
        return self._vault.digest("recovery", operator_id, bare(code))

    def _id(self) -> Id:
        return fresh_id(self._clock)

    async def _read(self, look: Callable[[Read], Any]) -> Any:
        return await self._door.read(SYSTEM, look)

    async def _do(self, visitor: Visitor, command: Any, owner: str = "") -> Outcome[Any]:
        """`owner`: whose operator it is, once that was proved; the log has it as their act."""
        actor = replace(visitor.by_system, behalf=f"{ActorKind.OPERATOR}:{owner}" if owner else "")
        return (await self._door.execute(actor, command, self._id())).outcome
