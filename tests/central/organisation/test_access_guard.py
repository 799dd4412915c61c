"""Whatever lets somebody in: every command that touches it, on oneself with a signed-in browser alone, and on others.

Which commands those are is found: no column that decides who comes in is written before access_guard.py was asked, and
who asks is read from the handlers' source. A new command is found the day it is written, and fails here until it is
said how it would be aimed at oneself.
"""

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import FunctionType
from typing import Any

import orjson
import pytest

import central
from central.kernel.actor import SYSTEM
from central.kernel.crud import checks_of, command_of
from central.kernel.entity import BY_NAME
from central.kernel.prints import OUTBOX
from central.kernel.privileges import Action
from central.kernel.registry import COMMANDS, Handler
from central.kernel.tx import Read, Tx
from central.organisation import access_guard
from central.organisation.access_guard import CONFIRMED_FOR
from central.organisation.erasure import EraseOperator
from central.organisation.grants import GivePrivilege, GiveRole, SetPerimeter, TakePrivilege, TakeRole
from central.organisation.model import LetterKind, NoOperator, Operator, OperatorProfile, PerimeterKind, SignInSession
from central.organisation.operators import (
    ChangeOperator,
    ClearSecondFactor,
    CreateOperator,
    DeactivateOperator,
    InviteOperator,
    ReactivateOperator,
    RenewKey,
    SendLetter,
    WithdrawKey,
)
from central.organisation.rights import actor_of, key_digest
from central.organisation.sessions import EndOwnSession, EndSession, EndSessions
from shared.clock import to_ms
from shared.ids import Id
from shared.wire.requests import COMMAND_ID
from tests.called import called
from tests.central.organisation.conftest import CSRF, JEANNE, PASSWORD, Browser, People
from tests.central.organisation.test_second_factor import enrolled
from tests.central.small_house import NOW, Clerk, House, new_id
from tests.trees import nodes_of

pytestmark = pytest.mark.behind_the_door  # rows are put in and changed by hand

TABLES = {name: declared.ways_in for name, declared in BY_NAME.items() if declared.ways_in}
HARMLESS = {
    "operator": {"id", "context_id", "kind", "name", "language"},
    "operator_session": {"id", "began", "seen", "address", "browser"},
    "operator_letter": {"id", "asked", "asked_by"},
    "operator_profile": {"id", "context_id", "code", "names"},
}
"""What else these rows hold, and opens nothing."""
OF_NOBODY = {"webhook"}  # names an operator whose eyes it has, and lets nobody in
TOLD = {"email", "password", "totp", "recovery"}
REFUSALS = {NoOperator.OWN_PAGE, NoOperator.OWN_RIGHTS, NoOperator.CONFIRM_FIRST}


# --- who touches a way in ---------------------------------------------------------------------------------------------


def _asks(function: FunctionType, seen: set[FunctionType]) -> set[str]:
    """The functions of access_guard.py that it comes to, however deep."""
    if function in seen:
        return set()
    seen.add(function)
    here = {each.__name__ for each in called(function) if each.__module__ == access_guard.__name__}
    return here.union(*(_asks(each, seen) for each in called(function) if each.__module__ != access_guard.__name__))


def asks(handler: Handler) -> set[str]:
    found = _asks(handler.run, set())  # type: ignore[arg-type]
    generated = handler.on and handler.kind.__module__ == "central.kernel.crud"
    checks = checks_of(str(handler.on)) if generated and "change" in handler.name else ()
    return found.union(*(_asks(check, set()) for check in checks if isinstance(check, FunctionType)))


TOUCHING = {name: found for name, handler in COMMANDS.items() if (found := asks(handler))}
BY_THE_HOUSE = {name for name, found in TOUCHING.items() if "by_the_house" in found}


@dataclass(frozen=True, slots=True)
class Somebody:
    """Somebody with one of everything that lets people in."""

    id: Id
    role: Id
    grant: Id
    profile: Id
    session: Id
    program: Id


Aim = Callable[[Somebody, House], Any]
CHANGE_PROFILE = command_of(Action.MODIFY, OperatorProfile)
AIMED: dict[str, tuple[Aim, ...]] = {
    "invite_operator": (
        lambda _, house: InviteOperator(
            id=new_id(), context_id=house.institution, name="X", email=f"{new_id()}@x.example", language="fr"
        ),
    ),
    "create_operator": (
        lambda _, house: CreateOperator(
            id=new_id(), context_id=house.institution, name="X", key_digest=key_digest("x"), privileges=("orders",)
        ),
    ),
    "change_operator": (
        lambda who, _: ChangeOperator(
            operator_id=who.id, name="X", language="fr", email=f"{new_id().lower()}@evil.example"
        ),
    ),
    "deactivate_operator": (lambda who, _: DeactivateOperator(operator_id=who.id),),
    "reactivate_operator": (lambda who, _: ReactivateOperator(operator_id=who.id),),
    "send_letter": (lambda who, _: SendLetter(operator_id=who.id),),
    "clear_second_factor": (lambda who, _: ClearSecondFactor(operator_id=who.id),),
    "renew_key": (lambda who, _: RenewKey(operator_id=who.program, key_digest=key_digest("y")),),
    "withdraw_key": (lambda who, _: WithdrawKey(operator_id=who.program),),
    "give_role": (lambda who, house: GiveRole(operator_id=who.id, profile_id=who.profile, context_id=house.season),),
    "take_role": (lambda who, _: TakeRole(role_id=who.role),),
    "give_privilege": (
        lambda who, house: GivePrivilege(operator_id=who.id, context_id=house.season, privilege="venues.venue.modify"),
    ),
    "take_privilege": (lambda who, _: TakePrivilege(grant_id=who.grant),),
    "set_perimeter": (
        lambda who, house: SetPerimeter(operator_id=who.id, kind=PerimeterKind.POINT_OF_SALE, object_ids=(house.desk,)),
    ),
    "change_operator_profile": (
        lambda who, _: CHANGE_PROFILE(id=who.profile, set={"privileges": ("orders",)}),
        lambda who, _: CHANGE_PROFILE(id=who.profile, set={"second_factor": False}),
        lambda who, _: CHANGE_PROFILE(id=who.profile, set={"privileges": ("orders", "*"), "second_factor": True}),
    ),
    "end_session": (lambda who, _: EndSession(session_id=who.session),),
    "end_sessions": (lambda who, _: EndSessions(operator_id=who.id),),
    "end_own_session": (lambda who, _: EndOwnSession(session_id=who.session),),
    "erase_operator": (lambda who, _: EraseOperator(operator_id=who.id),),
}
"""Each command that an operator may give, aimed at somebody: at oneself and at others."""
OF_PROGRAMS = {"renew_key", "withdraw_key"}  # nobody's own but the program's, which shows its key
CLOSING = {"deactivate_operator", "take_role", "take_privilege", "withdraw_key", "end_session", "end_sessions"}
"""They only take away: done to others without the password once more."""
NOT_TO_OTHERS = {"end_own_session"}


def test_every_command_that_touches_a_way_in_is_aimed_here() -> None:
    assert len(BY_THE_HOUSE) > 8 and "use_letter" in BY_THE_HOUSE
    assert set(TOUCHING) - BY_THE_HOUSE == set(AIMED), "say in AIMED how it would be done to oneself"


def test_every_column_is_a_way_in_or_harmless() -> None:
    """A new column of these rows, or a new table of operators', is decided about here."""
    for name, declared in BY_NAME.items():
        of_operators = any(column.ref == "operator" and not column.many for column in declared.columns)
        assert name in TABLES or not of_operators or name in OF_NOBODY, name
        secret = {column.name for column in declared.columns if column.secret}
        if name in TABLES:
            columns = TABLES[name].columns  # type: ignore[union-attr]
            assert columns | HARMLESS.get(name, {"id"}) == set(declared.names), name
            assert secret <= columns, name


def test_what_lets_people_in_is_not_written_unasked(quick: tuple[Clerk, House]) -> None:
    """By no command there will ever be: the transaction itself refuses, whoever acts."""
    clerk, _ = quick
    tx = Tx(clerk.db, SYSTEM, clerk.watch(), new_id(), clerk.door.keys)
    tried = 0
    for name, declared in BY_NAME.items():
        if name not in TABLES:
            continue
        (row,) = tx.find(declared.kind, "LIMIT 1") or [None]
        if row is None:
            continue
        tried += 1
        for column in TABLES[name].columns:  # type: ignore[union-attr]
            with pytest.raises(AssertionError, match=f"{name} lets people in"):
                tx.update(row, replace(row, **{column: another(getattr(row, column), declared.column(column).hint)}))
        if TABLES[name].owner:  # type: ignore[union-attr]
            for act in (tx.insert, tx.insert_if_absent, tx.delete, lambda row: tx.insert_all([row]),
                        lambda row: tx.append([row])):  # fmt: skip
                with pytest.raises(AssertionError, match=f"{name} lets people in"):
                    act(row)
    assert tried >= 2


def another(value: Any, hint: Any) -> Any:
    if hint is datetime:
        return (value or NOW) + timedelta(days=1)
    if isinstance(value, bool):
        return not value
    return (*value, "x") if isinstance(value, tuple) else value + 1 if isinstance(value, int) else f"{value}x"


def test_no_statement_of_ones_own_goes_around_it() -> None:
    """The transaction cannot see what a statement written by hand touches: those there are, are known."""
    writes = re.compile(rf"\b(INSERT INTO|UPDATE|DELETE FROM)\s+({'|'.join(TABLES)})\b")
    found = {
        (path.name, " ".join(node.value.split()[:4]))
        for path in Path(str(central.__file__)).parent.rglob("*.py")
        if "migrations" not in path.parts
        for node in nodes_of(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and writes.search(node.value)
    }
    assert found == {
        ("sessions.py", "UPDATE operator_session SET seen"),  # a sign of life
    }


# --- on oneself, and on others ----------------------------------------------------------------------------------------


def somebody(clerk: Clerk, house: House, *privileges: str) -> Somebody:
    who, profile = new_id(), new_id()
    clerk.do(
        InviteOperator(
            id=who, context_id=house.institution, name="Jeanne", email=f"{who.lower()}@x.example", language="fr"
        )
    )
    make = command_of(Action.CREATE, OperatorProfile)
    clerk.do(make(id=profile, context_id=house.institution, code=f"P{profile[-6:]}", names={"fr": "P"},
                  privileges=privileges, second_factor=True))  # fmt: skip
    role = clerk.do(GiveRole(operator_id=who, profile_id=profile, context_id=house.institution))
    grant = clerk.do(GivePrivilege(operator_id=who, context_id=house.institution, privilege="orders.order.read"))
    program, session = new_id(), new_id()
    clerk.do(
        CreateOperator(
            id=program,
            context_id=house.institution,
            name="Programme",
            key_digest=key_digest(program),
            privileges=("orders.order.read",),
        )
    )
    clerk.db.begin(write=True)
    clerk.db.write("UPDATE operator SET password = 'p', totp = 't', recovery = '[\"r\"]' WHERE id = :id", {"id": who})
    clerk.db.commit()
    signed_in(clerk, who, session)
    return Somebody(who, Id(role), Id(grant), profile, session, program)


def signed_in(clerk: Clerk, who: Id, session: Id) -> None:
    now = to_ms(clerk.watch())
    clerk.db.begin(write=True)
    clerk.db.write(
        "INSERT INTO operator_session (id, operator_id, token_digest, began, seen, until, address, browser, "
        "second_factor, confirmed) VALUES (:id, :who, :digest, :now, :now, :until, '', '', 1, :now)",
        {"id": session, "who": who, "digest": session, "now": now, "until": now + 43_200_000},
    )
    clerk.db.commit()


def at_the_desk(clerk: Clerk, who: Id, session: Id) -> Clerk:
    """Somebody at a browser, with what the database says that they hold."""
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    operator = read.get(Operator, who)
    assert operator
    return clerk.as_(replace(actor_of(read, operator, "web 127.0.0.1"), session=session))


def ways(clerk: Clerk) -> dict[str, list[tuple[Any, ...]]]:
    """All that decides who comes in, as it stands."""
    return {
        name: clerk.rows(f"SELECT id, {', '.join(sorted(each.columns))} FROM {name} ORDER BY id")
        for name, each in TABLES.items()
        if each
    }


@pytest.fixture
def desk(quick: tuple[Clerk, House]) -> tuple[Clerk, House, Somebody, Id]:
    """Everything may be done by her; she signed in longer ago than her password is good for."""
    clerk, house = quick
    boss = somebody(clerk, house, "*")
    here = new_id()
    signed_in(clerk, boss.id, here)
    clerk.watch.at += CONFIRMED_FOR
    return clerk, house, boss, here


@pytest.mark.parametrize("name", sorted(AIMED))
def test_on_oneself_with_a_session_alone(desk: tuple[Clerk, House, Somebody, Id], name: str) -> None:
    clerk, house, boss, here = desk
    if name == "withdraw_key":
        return  # only takes away, and never one's own: test_a_program_changes_its_own_key
    hand, before = at_the_desk(clerk, boss.id, here), ways(clerk)
    for aim in AIMED[name]:
        refused = hand.no(aim(boss, house))
        assert refused.reason in REFUSALS, (name, refused)
        assert ways(clerk) == before, name


@pytest.mark.parametrize("name", sorted(AIMED))
def test_on_oneself_by_the_rights_even_with_the_password(desk: tuple[Clerk, House, Somebody, Id], name: str) -> None:
    """What one's own page does with the password in the same form is not done elsewhere at all."""
    clerk, house, boss, _ = desk
    fresh = new_id()
    signed_in(clerk, boss.id, fresh)
    hand = at_the_desk(clerk, boss.id, fresh)
    with_the_password = {"invite_operator", "create_operator", "deactivate_operator", "end_own_session"}
    if name in with_the_password | OF_PROGRAMS:
        return
    for aim in AIMED[name]:
        assert hand.no(aim(boss, house)).reason in (NoOperator.OWN_PAGE, NoOperator.OWN_RIGHTS), name


@pytest.mark.parametrize("name", sorted(set(AIMED) - NOT_TO_OTHERS))
def test_on_others(desk: tuple[Clerk, House, Somebody, Id], name: str) -> None:
    """What opens a way in wants the password of a short while ago; its owner is told where they were told until now."""
    clerk, house, boss, here = desk
    paul = somebody(clerk, house, "orders", "venues")
    old = f"{paul.id.lower()}@x.example"
    hand = at_the_desk(clerk, boss.id, here)
    aim = AIMED[name][0]
    if name in CLOSING:
        hand.do(aim(paul, house))
        return
    before = ways(clerk)
    assert hand.no(aim(paul, house)).reason == NoOperator.CONFIRM_FIRST
    assert ways(clerk) == before
    fresh = new_id()
    signed_in(clerk, boss.id, fresh)
    clerk.watch.at += CONFIRMED_FOR - timedelta(seconds=1)
    told = len(notices(clerk, old))
    at_the_desk(clerk, boss.id, fresh).do(aim(paul, house))
    after = ways(clerk)
    columns = ["id", *sorted(TABLES["operator"].columns)]  # type: ignore[union-attr]
    was, is_ = (dict(zip(columns, _row(rows["operator"], paul.id), strict=True)) for rows in (before, after))
    changed = {column for column in columns if was[column] != is_[column]}
    tells = name != "erase_operator"  # of whom nobody knows an address any more
    assert (len(notices(clerk, old)) > told) is (tells and bool(changed & TOLD)), (name, changed)


def _row(rows: list[tuple[Any, ...]], row_id: str) -> tuple[Any, ...]:
    return next(row for row in rows if row[0] == row_id)


def notices(clerk: Clerk, to: str) -> list[str]:
    rows = clerk.rows("SELECT body FROM outbox WHERE kind = 'mail' ORDER BY id")
    bodies = Read(clerk.db, SYSTEM, NOW, clerk.door.keys).people.opened([(OUTBOX, row[0]) for row in rows])
    return [body["notice"] for body in bodies if body.get("to") == to]


@pytest.mark.parametrize("name", sorted(BY_THE_HOUSE))
def test_centrals_own_are_given_by_central_alone(desk: tuple[Clerk, House, Somebody, Id], name: str) -> None:
    """At no place of the house: no grant reaches them, so they need no sample here."""
    clerk, *_ = desk
    handler = COMMANDS[name]
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    assert handler.needs and handler.at(read, object()) is None, name


def test_a_program_changes_its_own_key_with_the_one_it_shows(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    program = new_id()
    clerk.do(
        CreateOperator(
            id=program, context_id=house.institution, name="P", key_digest=key_digest("k"), privileges=("organisation",)
        )
    )
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    operator = read.get(Operator, program)
    assert operator
    itself = clerk.as_(actor_of(read, operator))
    itself.do(RenewKey(operator_id=program, key_digest=key_digest("k2")))
    assert (
        itself.no(GivePrivilege(operator_id=program, context_id=house.season, privilege="organisation")).reason
        == NoOperator.OWN_RIGHTS
    )
    assert (
        itself.no(SetPerimeter(operator_id=program, kind=PerimeterKind.POINT_OF_SALE, object_ids=())).reason
        == NoOperator.OWN_RIGHTS
    )
    itself.do(WithdrawKey(operator_id=program))


def test_a_stricter_profile_of_ones_own(desk: tuple[Clerk, House, Somebody, Id]) -> None:
    """Whoever administers alone can still ask for a second factor: nobody gains by it."""
    clerk, _, boss, here = desk
    clerk.do(CHANGE_PROFILE(id=boss.profile, set={"second_factor": False}))
    stricter = CHANGE_PROFILE(id=boss.profile, set={"second_factor": True})
    assert at_the_desk(clerk, boss.id, here).no(stricter).reason == NoOperator.CONFIRM_FIRST
    fresh = new_id()
    signed_in(clerk, boss.id, fresh)
    at_the_desk(clerk, boss.id, fresh).do(stricter)
    at_the_desk(clerk, boss.id, here).do(CHANGE_PROFILE(id=boss.profile, set={"names": {"fr": "Chefs"}}))


# --- as a thief at a desk finds it ------------------------------------------------------------------------------------


async def stolen(people: People) -> tuple[Browser, Id]:
    """Jeanne's browser, left open for longer than her password is good for; her profile demands a second factor."""
    browser, *_ = await enrolled(people)
    (jeanne,) = await people.rows(Operator, "WHERE email = :email", email=JEANNE)
    people.watch.at += CONFIRMED_FOR
    await browser.get("/me")
    return browser, jeanne.id


async def api(browser: Browser, name: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """A command as the page's own script would send it: the session's cookie, and the token of the page."""
    found = CSRF.search(browser.text)
    headers = {COMMAND_ID: new_id(), "X-CSRF": found[1] if found else ""}
    async with browser.client.post(f"/api/v1/commands/{name}", data=orjson.dumps(body), headers=headers) as answer:
        said: dict[str, Any] = orjson.loads(await answer.read())
        return answer.status, said


async def test_a_browser_left_open_is_not_the_account(people: People, jeanne: Id) -> None:
    """Another address, no second factor, a letter: the way that took an account over, through the API."""
    paul = await people.person("Paul", "paul@x.example", "*")
    browser, who = await stolen(people)
    before = await people.operator(who)
    await people.post_mail()
    for name, body, reason in (
        ("change_operator", {"operator_id": who, "name": "J", "language": "fr", "email": "t@x.example"},
         NoOperator.OWN_PAGE),
        ("clear_second_factor", {"operator_id": who}, NoOperator.OWN_PAGE),
        ("send_letter", {"operator_id": who}, NoOperator.OWN_PAGE),
        ("give_privilege", {"operator_id": who, "context_id": people.house.season, "privilege": "*"},
         NoOperator.OWN_RIGHTS),
        ("clear_second_factor", {"operator_id": paul}, NoOperator.CONFIRM_FIRST),
        ("create_operator", {"id": new_id(), "context_id": people.house.institution, "name": "T", "privileges": ["*"],
                             "key_digest": key_digest("mine")}, NoOperator.CONFIRM_FIRST),
        ("invite_operator", {"id": new_id(), "context_id": people.house.institution, "name": "T", "language": "fr",
                             "email": "t@evil.example"}, NoOperator.CONFIRM_FIRST),
    ):  # fmt: skip
        status, said = await api(browser, name, body)
        assert (status, said["reason"]) == (409, reason.key), (name, said)
    assert await people.operator(who) == before and await people.post_mail() == []
    plain = {"operator_id": who, "name": "J", "language": "de", "email": JEANNE}
    status, _ = await api(browser, "change_operator", plain)
    assert status == 200, "name and language open nothing"


async def test_ones_own_page_asks_for_the_password(people: People, jeanne: Id) -> None:
    """Every form below /me that is registered: without the password, or with a wrong one, no way in changes."""
    browser, who = await stolen(people)
    other = await people.browser().sign_in()
    assert other.token()
    sessions = await people.rows(SignInSession, "WHERE operator_id = :id ORDER BY began", id=who)
    before = (await people.operator(who), {each.id for each in sessions})
    forms = {
        route.resource.canonical  # type: ignore[union-attr]
        for route in people.server.app.router.routes()  # type: ignore[union-attr]
        if route.method == "POST" and route.resource and route.resource.canonical.startswith("/me/")
    }
    assert len(forms) >= 7
    new = "quatre lanternes dans le vent"
    fields = {"email": "t@x.example", "password": new, "again": new, "code": "123456", "session": sessions[-1].id,
              "language": "fr"}  # fmt: skip
    for form in sorted(forms):
        for said in ({}, {"now": "", "_now": ""}, {"now": "not her password", "_now": "not her password"}):
            await browser.get("/me")
            await browser.post(form, **fields, **said)
            people.watch.at += timedelta(minutes=16)  # or she would have to wait for having been wrong so often
            rows = await people.rows(SignInSession, "WHERE operator_id = :id", id=who)
            assert (await people.operator(who), {each.id for each in rows}) == before, (form, said)


async def test_the_form_goes_on_where_it_stopped(people: People, jeanne: Id) -> None:
    paul = await people.person("Paul", "paul@x.example", "orders")
    browser = await people.browser().sign_in(next=f"/admin/e/operator/{paul}")
    people.watch.at += CONFIRMED_FOR
    await browser.get(f"/admin/e/operator/{paul}")
    await browser.post(f"/admin/operators/{paul}/change", name="Paul D.", email="new@x.example", language="de")
    assert browser.status == 403 and "Votre mot de passe" in browser.text and "Paul D." in browser.text
    assert (await people.operator(paul)).email == "paul@x.example"
    await browser.post(browser.path, name="Paul D.", email="new@x.example", language="de", _now="not it, sorry")
    assert browser.status == 403 and "refused" in browser.text
    await browser.post(browser.path, name="Paul D.", email="new@x.example", language="de", _now=PASSWORD)
    assert browser.status == 200 and (await people.operator(paul)).email == "new@x.example"
    await browser.post(f"/admin/operators/{paul}/letter")
    assert browser.status == 200, "for a quarter of an hour it is enough"


async def test_the_password_once_more_for_what_is_done_elsewhere(people: People, jeanne: Id) -> None:
    browser = await people.browser().sign_in(next="/me")
    people.watch.at += CONFIRMED_FOR
    await browser.get("/me/confirm?next=/admin/who")
    assert browser.status == 200
    await browser.post("/me/confirm", next="/admin/who", _now="not it, sorry")
    assert browser.status == 403
    await browser.post("/me/confirm", next="/admin/who", _now=PASSWORD)
    assert browser.path == "/admin/who"
    (session,) = await people.rows(SignInSession, "WHERE operator_id = :id", id=jeanne)
    assert session.confirmed == people.watch.at


async def test_a_form_of_the_generic_screens_leads_there_too(people: People, jeanne: Id) -> None:
    """They know nothing of accounts: the refusal itself says where the password is given."""
    profile = await people.profile("orders")
    browser = await people.browser().sign_in(next=f"/admin/e/operator_profile/{profile}/edit")
    people.watch.at += CONFIRMED_FOR
    await browser.get(browser.path)
    fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', browser.text))
    await browser.post(browser.path, **{**fields, "f.second_factor": "1", "_do": "1"})
    assert browser.status == 422 and 'href="/me/confirm"' in browser.text, browser.text


# --- one's own address ------------------------------------------------------------------------------------------------

NEW_ADDRESS = "jeanne@neuf.example"


async def test_another_address_of_ones_own(people: People, jeanne: Id) -> None:
    """The old one is told before anything changes, and again when it does; the link goes to the new one."""
    browser = await people.browser().sign_in(next="/me")
    await browser.post("/me/address", email=NEW_ADDRESS.upper(), now=PASSWORD)
    assert "Un message part" in browser.text and (await people.operator(jeanne)).email == JEANNE
    mails = {mail["To"]: mail.get_content() for mail in await people.post_mail()}
    assert set(mails) == {JEANNE, NEW_ADDRESS} and "/address/" not in mails[JEANNE]
    found = re.search(r"/address/\S+", mails[NEW_ADDRESS])
    assert found
    stranger = people.browser()
    assert (await stranger.get(found[0].replace("/address/", "/invitation/"))).status == 410, "it sets no password"
    await stranger.get(found[0])
    assert stranger.status == 200 and NEW_ADDRESS in stranger.text and (await people.operator(jeanne)).email == JEANNE
    await stranger.post(found[0])
    assert (await people.operator(jeanne)).email == NEW_ADDRESS
    (mail,) = await people.post_mail()
    assert mail["To"] == JEANNE and "nous n’écrirons plus ici" in mail.get_content()
    assert (await stranger.get(found[0])).status == 410
    assert (await people.browser().sign_in(NEW_ADDRESS, next="/me")).path == "/me"


@pytest.mark.parametrize("email, why", [
    ("paul@x.example", "déjà celle d’un opérateur"), ("no address", "pas une adresse"),
    (JEANNE, "déjà celle d’un opérateur"),
])  # fmt: skip
async def test_an_address_that_cannot_be_ones_own(people: People, jeanne: Id, email: str, why: str) -> None:
    await people.person("Paul", "paul@x.example")
    browser = await people.browser().sign_in(next="/me")
    await browser.post("/me/address", email=email, now=PASSWORD)
    assert browser.status == 400 and why in browser.text
    assert await people.post_mail() == []


async def test_an_address_taken_meanwhile(people: People, jeanne: Id) -> None:
    browser = await people.browser().sign_in(next="/me")
    await browser.post("/me/address", email=NEW_ADDRESS, now=PASSWORD)
    link = re.search(r"/address/\S+", "".join(mail.get_content() for mail in await people.post_mail()))
    assert link
    await people.person("Nina", NEW_ADDRESS)
    await browser.get(link[0])
    await browser.post(link[0])
    assert browser.status == 400 and "déjà celle d’un opérateur" in browser.text
    assert (await people.operator(jeanne)).email == JEANNE


def test_only_the_letters_of_passwords_set_one() -> None:
    from central.organisation.letters import PASSWORD as SETS_ONE

    assert set(LetterKind) - set(SETS_ONE) == {LetterKind.ADDRESS}
