"""Somebody who is forgotten is nowhere: not in rows, log, audit, outbox, deliveries, search, nor in any byte that lies
on the disk; and the log stays the one that was sealed."""

import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from central.kernel.actor import SYSTEM
from central.kernel.contexts import path_of
from central.kernel.crud import command_of
from central.kernel.db import Connection, Database
from central.kernel.door import Door
from central.kernel.entity import BY_NAME, ENTITIES, METADATA, SUBJECTS
from central.kernel.erasure import ForgetDue
from central.kernel.keys import Keys
from central.kernel.log_chain import seal_now
from central.kernel.log_proof import prove
from central.kernel.people_tables import people_tables
from central.kernel.personal_data import DUTIES, ERASED, SIGN, STRUCK, PersonalKind
from central.kernel.print_adoption import people_over
from central.kernel.privileges import Action
from central.kernel.replies import NoEntry
from central.kernel.row_proof import prove_rows
from central.kernel.tx import Read
from central.organisation.erasure import EraseOperator
from central.organisation.grants import GivePrivilege, GiveRole, SetPerimeter
from central.organisation.list_views import KeepListView
from central.organisation.model import (
    Letter,
    NoOperator,
    Operator,
    OperatorProfile,
    OrganisationPrivilege,
    PerimeterKind,
    SignInSession,
)
from central.organisation.operators import (
    ChangeOperator,
    CreateOperator,
    DeactivateOperator,
    InviteOperator,
    ReactivateOperator,
    RenewKey,
    SendLetter,
)
from central.organisation.rights import key_digest
from central.organisation.sessions import BeginSession
from central.web.history.records import past
from shared.ids import Id
from tests.central.kernel.test_door_costs import statements
from tests.central.organisation.conftest import JEANNE, People
from tests.central.small_house import Clerk, House, new_id
from tests.waiting import until

CreateProfile = command_of(Action.CREATE, OperatorProfile)
NAMES = ("Zénobie Quatrelivres", "Zenobie Cinqlivres")
MAILS = ("zenobie@quatrelivres.example", "z.cinqlivres@ailleurs.example")
FROM = ("203.0.113.77", "Netscape 4.08 on a borrowed machine")
PLANTED = re.compile("quatrelivres|cinqlivres|203\\.0\\.113\\.77|netscape", re.IGNORECASE)


def everything(db: Connection) -> dict[str, list[str]]:
    """Where anything of them stands: table → its rows."""
    found: dict[str, list[str]] = {}
    for table in METADATA.tables:
        rows = [row for row in map(repr, db.run(f"SELECT * FROM {table}", {})) if PLANTED.search(row)]
        if rows:
            found[table] = rows
    return found


def a_life(clerk: Clerk, house: House, n: str = "") -> Id:
    """Somebody comes, changes name and address, signs in, is written to."""
    who = new_id()
    clerk.do(InviteOperator(id=who, context_id=house.institution, name=NAMES[0], email=n + MAILS[0], language="fr"))
    clerk.do(ChangeOperator(operator_id=who, name=NAMES[1], language="de", email=n + MAILS[1]))
    clerk.do(ChangeOperator(operator_id=who, name=NAMES[0], language="de", email=n + MAILS[0]))
    clerk.do(SendLetter(operator_id=who))
    clerk.db.begin(write=True)
    clerk.db.write("UPDATE operator SET password = 'p' WHERE id = :id", {"id": who})
    clerk.db.commit()
    clerk.do(
        BeginSession(
            id=new_id(), operator_id=who, token_digest=new_id(), verified="p", anew="", instead_of="", tried=(),
            came_from="", typed_email="", address=FROM[0], browser=FROM[1],
        )
    )  # fmt: skip
    return who


def proofs(clerk: Clerk, keys: Keys, file: Path) -> tuple[list[Any], list[Any]]:
    read = Read(clerk.db, SYSTEM, clerk.watch(), keys)
    seal_now(clerk.db, read)
    return list(prove(read, file, keys.root_pem).faults), list(prove_rows(read).faults)


@pytest.mark.behind_the_door
def test_a_life_stands_in_plain_words_in_its_own_rows_alone(clerk: Clerk, house: House) -> None:
    a_life(clerk, house)
    assert set(everything(clerk.db)) == {"operator", "operator_session", "found"} <= set(people_tables())
    log = " ".join(str(row) for row in clerk.rows("SELECT body FROM command_log WHERE name = 'change_operator'"))
    assert log.count(SIGN) == 4
    assert SIGN in str(clerk.rows("SELECT body FROM outbox WHERE kind = 'mail'"))
    assert SIGN in str(clerk.rows("SELECT change FROM audit WHERE entity = 'operator' AND action = 'changed'"))


@pytest.mark.behind_the_door
def test_whoever_is_forgotten_is_nowhere_and_the_log_is_whole(
    clerk: Clerk, house: House, keys: Keys, tmp_path: Path
) -> None:
    who, other = a_life(clerk, house), new_id()
    clerk.do(InviteOperator(id=other, context_id=house.institution, name="Paul", email="paul@x.example", language="fr"))
    clerk.do(ChangeOperator(operator_id=other, name="Paul D.", language="fr", email="paul@x.example"))
    before = clerk.rows("SELECT id, digest, body, answer FROM command_log ORDER BY turn")
    stays = clerk.do(EraseOperator(operator_id=who))
    assert everything(clerk.db) == {}
    assert clerk.rows("SELECT id, digest, body, answer FROM command_log ORDER BY turn")[: len(before)] == before
    assert clerk.rows("SELECT name, email, active, password FROM operator WHERE id = :id", id=who) == [
        ("", None, 0, "")
    ]
    assert clerk.rows("SELECT words FROM found WHERE entity_id = :id", id=who) == [("  ",)]
    until = clerk.watch() + DUTIES[PersonalKind.CONNECTION].lasts
    ground = DUTIES[PersonalKind.CONNECTION].ground
    assert stays == [{"kind": "connection", "until": until.isoformat(), "ground": ground, "before": None}]
    faults, rows = proofs(clerk, keys, tmp_path / "none")
    assert faults == [] and [each for each in rows if each.row_id != who] == []  # its password was set behind the door
    said = past(clerk.door, Read(clerk.db, SYSTEM, clerk.watch(), keys), "operator", who)
    assert said
    changes = [each.entry.change for each in said.moments if each.entry.command == "change_operator"]
    assert changes and all(value == ERASED for each in changes for value in each["name"])
    kept = past(clerk.door, Read(clerk.db, SYSTEM, clerk.watch(), keys), "operator", other)
    assert kept and [each.entry.change["name"] for each in kept.moments if each.entry.change] == [("Paul", "Paul D.")]


@pytest.mark.behind_the_door
def test_what_a_duty_keeps_goes_on_its_day(clerk: Clerk, house: House) -> None:
    who = a_life(clerk, house)
    clerk.do(EraseOperator(operator_id=who))
    (body,) = clerk.rows("SELECT id, body FROM command_log WHERE name = 'begin_session' ORDER BY turn DESC LIMIT 1")

    def from_where() -> str:
        (opened,) = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys).people.opened([(body[0], body[1])])
        return str(opened["address"])

    clerk.watch.at += DUTIES[PersonalKind.CONNECTION].lasts - timedelta(days=1)
    clerk.do(ForgetDue())
    assert from_where() == FROM[0]
    clerk.watch.at += timedelta(days=1)
    clerk.do(ForgetDue())
    assert from_where() == ERASED
    assert clerk.rows("SELECT COUNT(*) FROM subject_key WHERE subject = :who AND key IS NOT NULL", who=who) == [(0,)]


@pytest.mark.behind_the_door
def test_nothing_is_left_that_lets_the_forgotten_in_or_do_anything(clerk: Clerk, house: House) -> None:
    """Whatever hangs on an operator and is named a way in, and what narrows them; a webhook of theirs tells nobody."""
    who, profile = a_life(clerk, house), new_id()
    clerk.do(
        CreateProfile(
            id=profile, context_id=house.institution, code="P", names={"fr": "P"}, privileges=(), second_factor=False
        )
    )
    clerk.do(GiveRole(operator_id=who, profile_id=profile, context_id=house.institution))
    clerk.do(GivePrivilege(operator_id=who, context_id=house.institution, privilege=OrganisationPrivilege.AUDIT_READ))
    clerk.do(SetPerimeter(operator_id=who, kind=PerimeterKind.POINT_OF_SALE, object_ids=(str(house.desk),)))
    opens = [column for column in ENTITIES[Operator].columns if column.secret or column.name == "totp_step"]
    clerk.db.begin(write=True)
    for column in opens:
        value = 7 if column.name == "totp_step" else '["x"]'
        clerk.db.write(f"UPDATE operator SET {column.name} = :v WHERE id = :id", {"v": value, "id": who})
    clerk.db.commit()
    hang = [(table, each.name) for table, of in BY_NAME.items() for each in of.columns if each.ref == "operator"]
    assert len(hang) > 5

    def left(at: str, by: str) -> int:
        ((n,),) = clerk.rows(f"SELECT COUNT(*) FROM {at} WHERE {by} = :who", who=who)
        return int(n)

    there = {table for table, by in hang if left(table, by)}
    assert there == {table for table, _ in hang} - {"webhook"}
    clerk.do(EraseOperator(operator_id=who))
    assert {table for table, by in hang if left(table, by)} == set()
    after = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys).get(Operator, who)
    assert after and not after.active
    assert {column.name: getattr(after, column.name) or None for column in opens} == dict.fromkeys(
        column.name for column in opens
    )


def test_of_the_forgotten_nothing_is_changed_and_nobody_is_invited_into_their_place(clerk: Clerk, house: House) -> None:
    who = new_id()
    invite = InviteOperator(id=who, context_id=house.institution, name=NAMES[0], email=MAILS[0], language="fr")
    clerk.do(invite)
    again = clerk.said[-1]
    assert clerk.say(invite, again).value == who
    assert clerk.say(replace(invite, name=NAMES[1]), again).reason is NoEntry.ID_REUSED
    clerk.do(DeactivateOperator(operator_id=who))
    clerk.do(EraseOperator(operator_id=who))
    for command in (
        ChangeOperator(operator_id=who, name="X", language="fr", email="x@x.example"),
        SendLetter(operator_id=who),
        EraseOperator(operator_id=who),
    ):
        assert clerk.no(command).reason is NoOperator.ERASED
    assert clerk.say(invite, again).reason is NoEntry.ID_REUSED, "nobody can tell any more what it said"
    clerk.do(replace(invite, id=new_id()))
    assert everything(clerk.db).keys() == {"operator", "found"}


async def test_how_the_forgotten_saw_lists_goes_with_them(people: People, jeanne: Id) -> None:
    paul = await people.person("Paul", MAILS[0])
    for who in (paul, jeanne):
        await people.do(KeepListView(entity="tariff", name=f"Chez {who}", query="sort=code"), await people.actor(who))
    await people.browser().sign_in(JEANNE)
    opened = next(iter(await people.rows(SignInSession, "WHERE operator_id = :who", who=jeanne)))
    await people.do(EraseOperator(operator_id=paul), replace(await people.actor(jeanne), session=opened.id))
    left = await people.door.read(SYSTEM, lambda read: read.run("SELECT operator_id FROM list_view"))
    assert left == [(jeanne,)]
    bodies = "SELECT body FROM command_log WHERE name = 'keep_list_view'"
    said = await people.door.read(SYSTEM, lambda read: read.run(bodies))
    assert len(said) == 2 and not [body for (body,) in said if "Chez" in body], "its name is in no log"


async def test_where_the_forgotten_came_in_from_goes_with_them(people: People, jeanne: Id) -> None:
    """Known places, tries counted there, and what the log keeps of both; of who stays nothing goes. Their address
    changed in between, and with it what their places are counted by."""
    mails = {await people.person("Paul", MAILS[0]): MAILS[0], jeanne: JEANNE}
    paul = next(iter(mails))

    async def comes_in(email: str) -> None:
        with_a_slip = people.browser()
        await with_a_slip.sign_in(email, "not this one")
        await people.browser().sign_in(email)
        await with_a_slip.sign_in(email, "nor this one")

    async def rows(sql: str, **params: Any) -> list[Any]:
        found: list[Any] = await people.door.read(SYSTEM, lambda read: read.run(sql, **params))
        return found

    places = "SELECT typed_email FROM sign_in_place WHERE operator_id = :who"
    tries = "SELECT subject FROM sign_in_attempt WHERE subject LIKE '%@%'"
    for email in mails.values():
        await comes_in(email)
    await people.do(ChangeOperator(operator_id=paul, name="Paul", language="fr", email=MAILS[1]))
    await people.browser().sign_in(MAILS[1])
    assert [len(await rows(places, who=who)) for who in (paul, jeanne)] == [2, 1]
    assert len(await rows(tries)) == 2
    kept, actor = await rows(places, who=jeanne), await people.actor(jeanne)
    opened = next(iter(await people.rows(SignInSession, "WHERE operator_id = :who", who=jeanne)))
    await people.do(EraseOperator(operator_id=paul), replace(actor, session=opened.id))
    assert await rows(places, who=paul) == [] and await rows(places, who=jeanne) == kept
    assert [subject for (subject,) in await rows(tries) if kept[0][0] not in subject] == []
    assert len(await rows(tries)) == 1 and len(await rows("SELECT 1 FROM sign_in_place")) == 1
    names = ("begin_session", "complete_session", "use_letter")
    said = [orjson.loads(body) for name, body in await rows("SELECT name, body FROM command_log") if name in names]
    assert len(said) > 4 and {each[field] for each in said for field in ("came_from", "typed_email")} == {STRUCK}
    assert {str(each["tried"]) for each in said} == {STRUCK}


def test_what_is_refused_keeps_nothing_of_whom_it_named(clerk: Clerk, house: House) -> None:
    first = new_id()
    clerk.do(InviteOperator(id=first, context_id=house.institution, name="Paul", email=MAILS[0], language="fr"))
    taken = InviteOperator(
        id=new_id(), context_id=house.institution, name=NAMES[1], email=MAILS[0].upper(), language="fr"
    )
    refused = clerk.no(taken)
    assert refused.detail["faults"][0]["value"] == MAILS[0], "who asked is told"
    again = clerk.say(taken, clerk.said[-1])
    assert again.reason == refused.reason and MAILS[0] not in str(again)
    assert set(everything(clerk.db)) == {"operator", "found"}


def test_who_may_and_who_stays(clerk: Clerk, house: House) -> None:
    who = new_id()
    clerk.do(InviteOperator(id=who, context_id=house.institution, name=NAMES[0], email=MAILS[0], language="fr"))
    changes = clerk.as_(house.operator("organisation.operator.modify"))
    assert changes.no(EraseOperator(operator_id=who)).reason is NoEntry.NOT_ALLOWED
    assert clerk.no(EraseOperator(operator_id=house.admin)).reason is NoOperator.LAST_ADMINISTRATOR
    more = clerk.as_(house.operator("organisation.operator", at=house.season))
    assert more.no(EraseOperator(operator_id=who)).reason is NoEntry.NOT_ALLOWED
    assert clerk.as_(house.operator("organisation.operator.delete")).do(EraseOperator(operator_id=who))


@pytest.mark.behind_the_door
def test_a_programs_name_is_forgotten_as_a_persons(clerk: Clerk, house: House) -> None:
    program = new_id()
    clerk.do(
        CreateOperator(
            id=program, context_id=house.institution, name=NAMES[0], key_digest=key_digest("k"), privileges=("venues",)
        )
    )
    assert set(everything(clerk.db)) == {"operator", "found"}
    assert [each["kind"] for each in clerk.do(EraseOperator(operator_id=program))] == ["connection"]
    assert everything(clerk.db) == {}
    after = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys).get(Operator, program)
    assert after and after.erased and not after.key_digest
    again = (
        RenewKey(operator_id=program, key_digest=key_digest("another")),
        GivePrivilege(operator_id=program, context_id=house.institution, privilege="venues"),
        ReactivateOperator(operator_id=program),
        EraseOperator(operator_id=program),
    )
    assert {clerk.no(each).reason for each in again} == {NoOperator.ERASED}


# --- bytes -----------------------------------------------------------------------------------------------------------


@pytest.mark.behind_the_door
async def test_not_a_byte_of_them_lies_on_the_disk(
    sqlite_place: tuple[Database, House], quick: tuple[Clerk, House], keys: Keys, tmp_path: Path
) -> None:
    """Database, its log and whatever else lies beside it: while central runs, when no reader looks at it any more."""
    clerk, house = quick
    lives = []
    for n in range(60):  # pages are split and merged around them
        clerk.do(
            InviteOperator(
                id=new_id(), context_id=house.institution, name=f"Paul {n}", email=f"paul{n}@x.example", language="fr"
            )
        )
        if n % 4 == 0:
            lives.append(a_life(clerk, house, str(n)))
    database = sqlite_place[0]

    def lies() -> set[str]:
        files = [path for path in database.path.parent.rglob("*") if path.is_file()]
        return {path.name for path in files if PLANTED.search(path.read_bytes().decode("latin-1"))}

    assert lies()
    door = Door(database, clerk.watch, path_of, keys)
    door.start()
    try:
        with closing(database.connect(read_only=True)) as looks:
            looks.begin(write=False)
            looks.run("SELECT COUNT(*) FROM operator", {})  # a report that takes its time
            for who in lives:
                assert (await door.execute(SYSTEM, EraseOperator(operator_id=who), new_id())).ok
            assert lies(), "it can see them still"
            looks.rollback()
        await until(lambda: not lies())
    finally:
        door.stop()
    assert not lies()


# --- who was there before --------------------------------------------------------------------------------------------


def as_before(clerk: Clerk, who: Id) -> None:
    """What an older version would have left of somebody who was just invited: no keys, prints of plain rows."""
    (command,) = clerk.rows(
        "SELECT id, prints FROM command_log JOIN command_prints ON command_id = id ORDER BY turn DESC"
    )[:1]
    prints = orjson.loads(command[1])
    for kind in (Operator, Letter):
        declaration = ENTITIES[kind]
        of = "id" if kind is Operator else "operator_id"
        for row in clerk.rows(f"{declaration.select_sql} WHERE {of} = :who", who=who):
            prints[declaration.name][row[0]] = declaration.print_of(row)
    clerk.db.begin(write=True)
    clerk.db.write("DELETE FROM subject_key WHERE subject = :who", {"who": who})
    clerk.db.write("UPDATE command_prints SET prints = :it WHERE command_id = :id",
                   {"it": orjson.dumps(prints).decode(), "id": command[0]})  # fmt: skip
    clerk.db.commit()


async def test_people_from_before_get_their_keys_once(
    sqlite_place: tuple[Database, House], quick: tuple[Clerk, House], keys: Keys, tmp_path: Path
) -> None:
    """A database that was brought up to date holds people without keys: what the log keeps of them stays in plain words
    until central has given them some, and the proof of their rows goes on."""
    clerk, house = quick
    who = new_id()
    clerk.do(InviteOperator(id=who, context_id=house.institution, name=NAMES[0], email=MAILS[0], language="fr"))
    as_before(clerk, who)
    clerk.do(ChangeOperator(operator_id=who, name=NAMES[1], language="fr", email=MAILS[0]))
    assert proofs(clerk, keys, tmp_path / "none") == ([], [])
    assert "command_log" in everything(clerk.db), "as it was kept until now"
    door = Door(sqlite_place[0], clerk.watch, path_of, keys)
    door.start()
    try:
        assert (await people_over(door), await people_over(door)) == (1, 0)
    finally:
        door.stop()
    clerk.do(ChangeOperator(operator_id=who, name=NAMES[0], language="fr", email=MAILS[1]))
    assert proofs(clerk, keys, tmp_path / "none") == ([], [])
    last = clerk.rows("SELECT body FROM command_log WHERE name = 'change_operator' ORDER BY turn DESC LIMIT 1")
    assert SIGN in str(last) and not PLANTED.search(str(last))


def test_who_has_no_keys_yet_is_given_them_to_be_forgotten(
    quick: tuple[Clerk, House], keys: Keys, tmp_path: Path
) -> None:
    clerk, house = quick
    who = new_id()
    clerk.do(InviteOperator(id=who, context_id=house.institution, name=NAMES[0], email=MAILS[0], language="fr"))
    as_before(clerk, who)
    clerk.watch.at += timedelta(days=1)
    stays = clerk.do(EraseOperator(operator_id=who))
    assert [each["before"] for each in stays if each["kind"] is None] == [clerk.watch().isoformat()], "and it says so"
    assert proofs(clerk, keys, tmp_path / "none") == ([], [])


# --- what it costs ---------------------------------------------------------------------------------------------------


def test_what_it_costs(quick: tuple[Clerk, House]) -> None:
    """Whoever touches no person pays nothing; who touches one reads their keys once, who makes one writes them."""
    clerk, house = quick

    def of_keys(act: Callable[[], Any]) -> list[str]:
        with statements(clerk) as said:
            act()
        return [each for each in said if "subject_key" in each]

    assert of_keys(lambda: clerk.do(house.order(house.seats[0]))) == []
    who = new_id()
    made = of_keys(
        lambda: clerk.do(
            InviteOperator(id=who, context_id=house.institution, name="Paul", email="paul@x.example", language="fr")
        )
    )
    assert [each.split()[0] for each in made] == ["INSERT"] * len(SUBJECTS["operator"]) + ["SELECT"]
    assert (
        len(
            of_keys(
                lambda: clerk.do(ChangeOperator(operator_id=who, name="Paul D.", language="de", email="p@x.example"))
            )
        )
        == 1
    )


# --- screens ---------------------------------------------------------------------------------------------------------


async def test_on_the_screens(people: People, jeanne: Id) -> None:
    who = await people.person(NAMES[0], MAILS[0], "orders")
    await people.do(ChangeOperator(operator_id=who, name=NAMES[1], language="fr", email=MAILS[0]))
    await people.do(DeactivateOperator(operator_id=who))
    browser = await people.browser().sign_in(next=f"/admin/history/operator/{who}")
    assert NAMES[0] in browser.text and NAMES[1] in browser.text
    await browser.get(f"/admin/e/operator/{jeanne}")
    assert "/erase" not in browser.text, "never oneself"
    await browser.get(f"/admin/e/operator/{who}")
    await browser.post(f"/admin/operators/{who}/erase")
    assert browser.status == 200 and "Personne effacée" in browser.text and not PLANTED.search(browser.text)
    for page in (f"/admin/history/operator/{who}", "/admin/audit", "/admin/audit.csv", "/admin/e/operator"):
        await browser.get(page)
        assert browser.status == 200 and not PLANTED.search(browser.text), page
    await browser.get(f"/admin/history/operator/{who}")
    assert "effacé" in browser.text
