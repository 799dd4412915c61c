"""Institution, organiser, season and activity are one tree of contexts; rights are held at a context and reach down."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto
from typing import Annotated

from central.kernel import privileges
from central.kernel.actor import OPERATOR
from central.kernel.crud import configured
from central.kernel.entity import Look, Ref, Secret, Unproved, entity
from central.kernel.personal_data import Personal, PersonalKind
from central.kernel.slots import Slot
from central.kernel.values import Code, Names
from shared.ids import Id
from shared.outcome import Reason

SELLS_AT = Slot("where a program may sell")


class OrganisationPrivilege(StrEnum):
    """The privileges that hand-written code names: `<module>.<screen>.<action>`; each area has its own. What may be
    granted is all that the declarations name (kernel/registry.privileges), which is more: generated commands bring
    their own."""

    CONTEXT_READ = privileges.CONTEXT_READ
    CONTEXT_MODIFY = "organisation.context.modify"
    OPERATOR_READ = "organisation.operator.read"
    OPERATOR_MODIFY = "organisation.operator.modify"
    OPERATOR_CREATE = "organisation.operator.create"
    OPERATOR_DELETE = "organisation.operator.delete"
    PROFILE_READ = "organisation.profile.read"
    SESSION_READ = "organisation.session.read"
    SESSION_END = "organisation.session.execute"
    LIMIT_LIFT = "organisation.limit.lift"
    AUDIT_READ = privileges.AUDIT_READ
    METRICS_READ = privileges.METRICS_READ
    WEBHOOK_READ = "organisation.webhook.read"
    WEBHOOK_MODIFY = "organisation.webhook.modify"


class OperatorKind(StrEnum):
    PERSON = auto()
    PROGRAM = auto()


@configured()
@entity(
    "operator_profile",
    was=("profile",),
    read=OrganisationPrivilege.PROFILE_READ,
    unique=(("context_id", "code"),),
    ways_in=("", ("privileges", "second_factor")),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorProfile:
    """What a trade may do (box office, back office, gate staff): nodes of the tree of privileges, `*` for all of it.
    `second_factor`: who holds it must sign in with one."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    code: Code
    names: Names
    privileges: Annotated[tuple[str, ...], Look.PRIVILEGES]
    second_factor: bool


@entity(
    "operator",
    fills=(OPERATOR,),
    read=OrganisationPrivilege.OPERATOR_READ,
    chosen=True,
    unique=(("email",),),
    ways_in=("id", ("email", "active", "key_digest", "password", "totp", "totp_step", "recovery")),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A person, who signs in with `email` and a password, or a program, whose key is kept as the SHA-256 of 256 random
    bits. `password` is argon2id's text; `totp` the second factor's seed, sealed with a key that lies outside the
    database (empty: none), `totp_step` the half minute of the last code that was used; `recovery` are digests of the
    codes that stand in for a lost telephone, each once."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    kind: OperatorKind
    name: Annotated[str, Personal(PersonalKind.IDENTITY), Look.NAME]
    email: Annotated[str, Look.EMAIL, Personal(PersonalKind.CONTACT)] | None
    language: Annotated[str, Look.LANGUAGE]
    active: bool
    key_digest: Annotated[str, Secret()]
    password: Annotated[str, Secret()]
    totp: Annotated[str, Secret()]
    totp_step: int
    recovery: Annotated[tuple[str, ...], Secret()]

    @property
    def erased(self) -> bool:
        """Whether this is somebody, or a program, that was forgotten: nobody else has neither name nor a way in."""
        return not self.name and not self.active


@entity(
    "operator_grant",
    read=OrganisationPrivilege.OPERATOR_READ,
    unique=(("operator_id", "context_id", "privilege"),),
    ways_in=("operator_id", ("operator_id", "context_id", "privilege")),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A node of the tree of privileges, at a context and everything below it: for programs, beside any profile."""

    id: Id
    operator_id: Annotated[Id, Ref("operator")]
    context_id: Annotated[Id, Ref("context")]
    privilege: str


@entity(
    "operator_role",
    read=OrganisationPrivilege.OPERATOR_READ,
    unique=(("operator_id", "profile_id", "context_id"),),
    ways_in=("operator_id", ("operator_id", "profile_id", "context_id")),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A profile that an operator holds at a context and everything below it."""

    id: Id
    operator_id: Annotated[Id, Ref("operator")]
    profile_id: Annotated[Id, Ref("operator_profile")]
    context_id: Annotated[Id, Ref("context")]


@entity(
    "operator_session",
    read=OrganisationPrivilege.SESSION_READ,
    index=(("operator_id",),),
    unique=(("token_digest",),),
    ways_in=("operator_id", ("operator_id", "token_digest", "until", "second_factor", "confirmed")),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class SignInSession:
    """Somebody signed in. The cookie holds a 256-bit token, we its SHA-256. It ends at `until`, or idle for long;
    `second_factor`: a code was given in it ; `confirmed`: when the password was last given in it, which what touches
    a way in asks for."""

    id: Id
    operator_id: Annotated[Id, Ref("operator")]
    token_digest: Annotated[str, Secret()]
    began: datetime
    seen: Annotated[
        datetime, Unproved("a sign of life, written every few minutes; it can only end a session sooner or later")
    ]
    until: datetime
    address: Annotated[str, Personal(PersonalKind.CONNECTION, "operator_id")]
    browser: Annotated[str, Personal(PersonalKind.CONNECTION, "operator_id")]
    second_factor: bool
    confirmed: datetime | None


class LetterKind(StrEnum):
    INVITATION = auto()
    RESET = auto()
    ADDRESS = auto()


class AskedBy(StrEnum):
    """Who asked for a letter: somebody who may write to them; they themselves, from where they came in before, or
    signed in; anybody who knows the address."""

    HOUSE = auto()
    OWNER = auto()
    STRANGER = auto()


@entity(
    "operator_letter",
    read=OrganisationPrivilege.OPERATOR_READ,
    index=(("operator_id",),),
    unique=(("token_digest",),),
    ways_in=("operator_id", ("operator_id", "kind", "token_digest", "until", "used", "email")),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A one-time link that lets an operator set a password: sent by mail, or shown to who may hand it over. One of an
    ADDRESS goes to the new address `email`, and makes it the operator's. The token is made when the letter leaves, from
    a key outside the database, and only its SHA-256 is kept; None: it has not left yet."""

    id: Id
    operator_id: Annotated[Id, Ref("operator")]
    kind: LetterKind
    token_digest: Annotated[str, Secret()] | None
    asked: datetime
    until: datetime
    used: datetime | None
    email: Annotated[str, Personal(PersonalKind.CONTACT, "operator_id")] | None = None
    asked_by: AskedBy | None = None  # None: from before this was noted


class PerimeterKind(StrEnum):
    """Those that have no entity yet narrow nothing, and are refused until they have."""

    POINT_OF_SALE = auto()
    CHANNEL = auto()
    PUBLIC_CATEGORY = auto()
    PRODUCT_FAMILY = auto()


@entity(
    "operator_perimeter",
    read=OrganisationPrivilege.OPERATOR_READ,
    unique=(("operator_id", "kind", "object_id"),),
    ways_in=("operator_id", ("operator_id", "kind", "object_id")),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class Perimeter:
    """Narrows an operator to listed objects of a kind; no row of a kind: not narrowed."""

    id: Id
    operator_id: Annotated[Id, Ref("operator")]
    kind: PerimeterKind
    object_id: str


@entity(
    "sign_in_attempt",
    read=OrganisationPrivilege.SESSION_READ,
    unproved="comes and goes as strangers like, within a day; whoever forges one lengthens or shortens a wait",
)
@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Failures in a row of one `subject`: an address as it was typed (a keyed digest, so that those of nobody look
    the same, and a password typed in the wrong place is not kept), an address, an operator's codes."""

    id: Id
    subject: str
    wrong: int
    last: datetime
    locked_until: datetime | None


class NoContext(Reason):
    NO_SUCH_PARENT = auto()
    WRONG_PARENT = auto()
    HOUSE_EXISTS = auto()


class NoOperator(Reason):
    """Why people, programs and what they may do are left as they are."""

    NO_SUCH_OPERATOR = auto()
    NO_SUCH_PROFILE = auto()
    NO_SUCH_CONTEXT = auto()
    NO_SUCH_ROLE = auto()
    ERASED = auto()  # a person who was forgotten: there is nothing left of whom anything could be changed
    NOT_A_PERSON = auto()
    NOT_A_PROGRAM = auto()
    UNKNOWN_PRIVILEGE = auto()
    WRONG_CONTEXT = auto()
    NARROWS_NOTHING = auto()  # a perimeter of a kind that nothing in the house has yet
    OWN_PAGE = auto()
    OWN_RIGHTS = auto()
    HOLDS_MORE = auto()
    CONFIRM_FIRST = auto()
    NOT_YOURS_TO_GIVE = auto()
    ALREADY_GIVEN = auto()
    KEY_TAKEN = auto()  # another program has this key: each makes its own
    LAST_ADMINISTRATOR = auto()


class NoSignIn(Reason):
    """Why nobody comes in. What is wrong of address and password is never said."""

    TOO_MANY = auto()  # whose: an account and an address
    BUSY = auto()  # whose: at most a few of an address at a time
    UNKNOWN = auto()
    WRONG_PASSWORD = auto()
    SESSION_OVER = auto()
    WRONG_CODE = auto()
    LINK_OVER = auto()
    NOT_AN_ADDRESS = auto()
    ADDRESS_TAKEN = auto()
    WEAK_PASSWORD = auto()
    SECOND_FACTOR_WANTED = auto()
