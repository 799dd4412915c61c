"""The steps of the first run, each one command: done again it changes what it made, so that one can go back.

They are the wizard's, which acts for the system: a house that has an operator is set up, and nobody may take these ways
any more (organisation/ops.py has the ways of every day).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from central.first_run.model import Block, NoSetUp
from central.kernel.contexts import Context, ContextKind, by_house_alone, the_institution
from central.kernel.crud import CONFIGURED, NoChange, refused_row
from central.kernel.entity import ENTITIES, Between, Bulky, Look, Raw, Ref, Secret
from central.kernel.helper_processes import Errand
from central.kernel.house_settings import BEGINS, CURRENCY, ENDS
from central.kernel.personal_data import Personal, PersonalKind
from central.kernel.registry import handles
from central.kernel.tx import Read, Tx
from central.kernel.values import Code, Fault, Names, faults_of, faults_of_marks
from central.organisation.access_guard import by_the_house
from central.organisation.mentions import faults_of_mentions, mentions
from central.organisation.model import Operator, OperatorKind, OperatorProfile, OrganisationPrivilege, Role
from central.organisation.operators import mail_address
from central.venues.model import NoVenue, PhysicalConfiguration, PlanState, Site, Space, VenuesPrivilege
from central.venues.physical_configurations import (
    AddUnnumberedZone,
    CreatePhysicalConfiguration,
    DeletePhysicalConfiguration,
    ValidatePhysical,
    add_unnumbered_zone,
    create_physical_configuration,
    delete_physical_configuration,
    validate_physical,
)
from central.venues.plan_import import ImportPlan, import_plan
from central.venues.plan_preparation import reading
from central.venues.planfile_checks import MOST_BYTES
from central.venues.svg_sources import SvgMapping
from shared.ids import Id, near_id
from shared.outcome import Ok, Outcome, Refused

HALL_CODE = "PLAN"
MOST_YEARS = 50  # that a first season lies away: further is a slip


@dataclass(frozen=True, slots=True)
class House:
    """What the first run has made so far."""

    institution: Context | None = None
    organiser: Context | None = None
    season: Context | None = None
    activity: Context | None = None
    site: Site | None = None
    space: Space | None = None
    hall: PhysicalConfiguration | None = None
    over: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the hall is drawn as it shall stand."""
        return self.hall is not None and self.hall.state is PlanState.VALIDATED


def house(read: Read) -> House:
    """Each step has made at most one of each."""
    institution = the_institution(read)
    organiser = _below(read, institution)
    season = _below(read, organiser)
    activity = _below(read, season)
    site = _first(read.find(Site, "ORDER BY id LIMIT 1"))
    space = _first(read.find(Space, "WHERE site_id = :id ORDER BY id LIMIT 1", id=site.id)) if site else None
    hall = (
        _first(read.find(PhysicalConfiguration, "WHERE space_id = :id ORDER BY id LIMIT 1", id=space.id))
        if space
        else None
    )
    return House(institution, organiser, season, activity, site, space, hall, is_over(read))


def is_over(read: Read) -> bool:
    return read.one("SELECT 1 FROM operator LIMIT 1") is not None


def _first(found: list[Any]) -> Any:
    return found[0] if found else None


def _below(read: Read, parent: Context | None) -> Context | None:
    found = read.find(Context, "WHERE parent_id = :id ORDER BY id LIMIT 1", id=parent.id) if parent else []
    return found[0] if found else None


# --- institution, organiser, season and activity ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleInstitution:
    """The house itself. `timezone`, `currency` and `language` are proposed wherever they are asked for below it."""

    code: Code
    names: Names
    timezone: Annotated[str, Look.TIMEZONE]
    currency: Annotated[str, Look.CURRENCY]
    language: Annotated[str, Look.LANGUAGE]


@handles(
    SettleInstitution,
    needs=OrganisationPrivilege.CONTEXT_MODIFY,
    refuses=(NoSetUp, NoChange),
    at=by_house_alone,
    gives=Id,
)
def settle_institution(tx: Tx, want: SettleInstitution) -> Outcome[Id]:
    now = house(tx)
    if now.over:
        return Refused(NoSetUp.OVER)
    settings = {"timezone": want.timezone, "currency": want.currency, "language": want.language}
    made = _context(tx, now.institution, None, ContextKind.INSTITUTION, want.code, want.names, settings)
    return _settled(tx, [(now.institution, made, "")], faults_of_marks(want))


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleOrganiser:
    """Who holds the licence and puts it on (docs/spec/law-fr.md): what tickets must show. Numbers that are not at hand
    may follow later; a number that cannot be right is refused."""

    code: Code
    names: Names
    address: Annotated[str, Look.LINES]
    siret: str
    licence: str


@handles(
    SettleOrganiser,
    needs=OrganisationPrivilege.CONTEXT_MODIFY,
    refuses=(NoSetUp, NoChange),
    at=by_house_alone,
    gives=Id,
)
def settle_organiser(tx: Tx, want: SettleOrganiser) -> Outcome[Id]:
    now = house(tx)
    if now.over or now.institution is None:
        return _too_early(now, "institution")
    settings = {
        "currency": now.institution.settings.get(CURRENCY.key, CURRENCY.fallback),
        **mentions(want.address, want.siret, want.licence),
    }
    faults = faults_of_mentions(want.siret, want.licence)
    made = _context(tx, now.organiser, now.institution, ContextKind.ORGANISER, want.code, want.names, settings)
    return _settled(tx, [(now.organiser, made, "")], faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleSeason:
    """The first season and its first activity (theatre, concerts …)."""

    code: Code
    names: Names
    begins: date
    ends: date
    activity_code: Code
    activity_names: Names


@handles(
    SettleSeason, needs=OrganisationPrivilege.CONTEXT_MODIFY, refuses=(NoSetUp, NoChange), at=by_house_alone, gives=Id
)
def settle_season(tx: Tx, want: SettleSeason) -> Outcome[Id]:
    now = house(tx)
    if now.over or now.organiser is None:
        return _too_early(now, "organiser")
    days = {BEGINS.key: want.begins, ENDS.key: want.ends}
    # clock: a day that people or the law set; what is final of it waits for a steady clock
    faults: list[Fault] = [
        {"at": at, "what": "not_a_day"} for at, day in days.items() if abs(day.year - tx.now.year) > MOST_YEARS
    ]
    if want.ends < want.begins:
        faults.append({"at": ENDS.key, "what": "ends_before"})
    dates = {key: day.isoformat() for key, day in days.items()}
    season = _context(tx, now.season, now.organiser, ContextKind.SEASON, want.code, want.names, dates)
    activity = _context(
        tx, now.activity, season, ContextKind.ACTIVITY, want.activity_code, want.activity_names, {}
    )  # fmt: skip
    return _settled(tx, [(now.season, season, ""), (now.activity, activity, "activity_")], faults)


def _context(
    tx: Tx, before: Context | None, above: Context | None, kind: ContextKind, code: str, names: Names,
    settings: Mapping[str, str],
) -> Context:  # fmt: skip
    """As it shall be. What else is set there stays."""
    kept = before.settings if before else {}
    made = before.id if before else tx.new_id(str(kind))
    said = {name: value for name, value in {**kept, **settings}.items() if value}
    return Context(id=made, parent_id=above.id if above else None, kind=kind, code=code, names=names, settings=said)


# --- the venue --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleVenue:
    """The first site, with its first space (hall)."""

    code: Code
    names: Names
    address: Annotated[str, Look.LINES]
    timezone: Annotated[str, Look.TIMEZONE]
    space_code: Code
    space_names: Names


@handles(SettleVenue, needs=VenuesPrivilege.VENUE_MODIFY, refuses=(NoSetUp, NoChange), at=by_house_alone, gives=Id)
def settle_venue(tx: Tx, want: SettleVenue) -> Outcome[Id]:
    now = house(tx)
    if now.over or now.season is None or now.institution is None:
        return _too_early(now, "season")
    site_id = now.site.id if now.site else tx.new_id("site")
    space_id = now.space.id if now.space else tx.new_id("space")
    site = Site(
        id=site_id,
        context_id=now.institution.id,
        code=want.code,
        names=want.names,
        address=want.address.strip(),
        timezone=want.timezone,
    )
    space = Space(id=space_id, site_id=site_id, code=want.space_code, names=want.space_names)
    return _settled(tx, [(now.site, site, ""), (now.space, space, "space_")])


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleHall:
    """How the hall is built: from a plan (`plan`: a file's text; `mapping`: where an SVG that somebody else drew says
    which seat is which), or from zones whose places are counted. It stays a draft until it is accepted; settled again,
    the one before is gone."""

    names: Names
    plan: Annotated[str, Raw(), Bulky(), Between(most=MOST_BYTES)] = ""
    blocks: Annotated[tuple[Block, ...], Between(most=200)] = ()
    mapping: SvgMapping | None = None


def _reading(want: SettleHall, command_id: Id) -> Errand | None:
    return reading(want.plan, near_id(command_id, "hall"), want.mapping) if want.plan else None


@handles(
    SettleHall,
    needs=VenuesPrivilege.VENUE_MODIFY,
    refuses=(NoSetUp, NoVenue, NoChange),
    at=by_house_alone,
    gives=int,
    prepared=_reading,
)
def settle_hall(tx: Tx, want: SettleHall, parts: tuple[Any, ...]) -> Outcome[int]:
    """Answers with the number of places."""
    now = house(tx)
    if now.over or now.space is None:
        return _too_early(now, "venue")
    if now.hall is not None:
        gone = delete_physical_configuration(tx, DeletePhysicalConfiguration(configuration_id=now.hall.id))
        if isinstance(gone, Refused):
            return gone
    made = tx.new_id("hall")
    if want.plan:
        wanted = ImportPlan(
            id=made, space_id=now.space.id, code=HALL_CODE, names=want.names, plan=want.plan, mapping=want.mapping
        )
        return import_plan(tx, wanted, parts)
    places = sum(block.places for block in want.blocks)
    done: Outcome[Any] = create_physical_configuration(
        tx, CreatePhysicalConfiguration(id=made, space_id=now.space.id, code=HALL_CODE, names=want.names, gauge=places)
    )
    for n, block in enumerate(want.blocks):
        if isinstance(done, Refused):
            return done
        zone = AddUnnumberedZone(
            id=tx.new_id("zone", n), configuration_id=made, name=block.name, capacity=block.places, control=1
        )
        done = add_unnumbered_zone(tx, zone)
    return done if isinstance(done, Refused) else Ok(places)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptHall:
    """This hall, which was shown, is drawn as it stands: from now on it can be sold. Accepted twice is accepted. A hall
    that is drawn anew has another id, so none is accepted that nobody saw."""

    configuration_id: Annotated[Id, Ref("physical_configuration")]


@handles(AcceptHall, needs=VenuesPrivilege.VENUE_MODIFY, refuses=(NoSetUp, NoVenue), at=by_house_alone)
def accept_hall(tx: Tx, want: AcceptHall) -> Outcome[None]:
    now = house(tx)
    if now.over or now.hall is None:
        return _too_early(now, "hall")
    if now.hall.id != want.configuration_id:
        return Refused(NoSetUp.ANOTHER_HALL, fix="configuration_id")
    if now.accepted:
        return Ok()
    return validate_physical(tx, ValidatePhysical(configuration_id=now.hall.id))


# --- the administrator ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FirstProfile:
    code: Code
    names: Names
    privileges: Annotated[tuple[str, ...], Look.PRIVILEGES]
    second_factor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointAdministrator:
    """The first administrator, who may do everything in the whole house, with a password as argon2id keeps it; and
    profiles for the people who come next. It ends the first run."""

    name: Annotated[str, Personal(PersonalKind.IDENTITY, ""), Look.NAME]
    email: Annotated[str, Look.EMAIL, Personal(PersonalKind.CONTACT, "")]
    language: Annotated[str, Look.LANGUAGE]
    password: Annotated[str, Secret()]
    administration: FirstProfile
    profiles: Annotated[tuple[FirstProfile, ...], Between(most=20)] = ()


@handles(
    AppointAdministrator,
    needs=OrganisationPrivilege.OPERATOR_CREATE,
    refuses=(NoSetUp, NoChange),
    at=by_house_alone,
    gives=Id,
)
def appoint_administrator(tx: Tx, want: AppointAdministrator) -> Outcome[Id]:
    now = house(tx)
    if now.over or now.institution is None or now.season is None:
        return _too_early(now, "season")
    at = now.institution.id
    profiles = [
        OperatorProfile(
            id=tx.new_id("operator_profile", each.code),
            context_id=at,
            code=each.code,
            names=each.names,
            privileges=each.privileges,
            second_factor=each.second_factor,
        )
        for each in (want.administration, *want.profiles)
    ]
    operator = Operator(
        id=tx.new_id("administrator"), context_id=at, kind=OperatorKind.PERSON, name=want.name.strip(),
        email=mail_address(want.email), language=want.language, active=True, key_digest="", password=want.password,
        totp="", totp_step=0, recovery=(),
    )  # fmt: skip
    asked = [ENTITIES[Operator].column(name) for name in ("name", "email", "language")]
    faults = [fault for column in asked for fault in faults_of(column, getattr(operator, column.name))]
    refused = _settled(tx, [(None, profile, "") for profile in profiles], faults)
    if isinstance(refused, Refused):
        return refused
    by_the_house(tx)
    tx.insert(operator)
    tx.insert(Role(id=tx.new_id("role"), operator_id=operator.id, profile_id=profiles[0].id, context_id=at))
    return Ok(operator.id)


# --- what they share --------------------------------------------------------------------------------------------------


def _too_early(now: House, missing: str) -> Refused:
    return Refused(NoSetUp.OVER) if now.over else Refused(NoSetUp.STEP_BEFORE_MISSING, fix=missing)


def _settled(tx: Tx, rows: Iterable[tuple[Any, Any, str]], faults: Iterable[Fault] = ()) -> Outcome[Id]:
    """Writes rows (before, after, what stands before their fields in the command), or says all that is wrong with them.
    Answers with the first one's id."""
    found, first = list(faults), None
    for before, after, called in rows:
        table = ENTITIES[type(after)].name
        refused = refused_row(tx, CONFIGURED[table], before, after)
        first = first or after
        if refused is None and not found:  # the next row may refer to this one
            tx.insert(after) if before is None else tx.update(before, after)
        elif refused is not None:
            faulty = [each for each in refused.detail.get("faults", ()) if each["what"] != "no_such"]
            faulty = [each for each in faulty if not each["at"].startswith("settings.")]  # said at the step's own field
            if not faulty and not found:
                return refused
            found += [{**each, "at": called + each["at"]} for each in faulty]
    if found or first is None:
        return Refused(NoSetUp.FAULTY, fix=found[0]["at"] if found else "", detail={"faults": found})
    return Ok(first.id)
