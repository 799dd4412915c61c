"""What people give each other: three rules above all of it, each as a story that would do harm without it."""

import pytest

from central.areas import AREAS
from central.kernel.actor import SYSTEM
from central.kernel.crud import NoChange, command_of
from central.kernel.privileges import Action
from central.kernel.replies import NoEntry
from central.organisation.grants import GivePrivilege, GiveRole, SetPerimeter, TakePrivilege, TakeRole
from central.organisation.model import (
    Grant,
    NoOperator,
    Operator,
    OperatorKind,
    OperatorProfile,
    Perimeter,
    PerimeterKind,
    Role,
)
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
from central.organisation.ops import operator_of
from central.organisation.rights import WhatMayTheyDo, WhoMay, administrators, key_digest, known_nodes
from shared.ids import Id
from tests.central.organisation.conftest import PASSWORD, People
from tests.central.small_house import Clerk, House, new_id

pytestmark = pytest.mark.behind_the_door  # rows are put in and changed by hand

CREATE, CHANGE = command_of(Action.CREATE, OperatorProfile), command_of(Action.MODIFY, OperatorProfile)
DELETE = command_of(Action.DELETE, OperatorProfile)


def profile(
    house: House, *privileges: str, at: Id | None = None, code: str = "", second_factor: bool = False
) -> object:
    new = new_id()
    return CREATE(
        id=new, context_id=at or house.institution, code=code or f"P{new[-8:]}", names={"fr": "Profil"},
        privileges=privileges, second_factor=second_factor,
    )  # fmt: skip


def made(clerk: Clerk, house: House, *privileges: str, at: Id | None = None) -> Id:
    return Id(clerk.do(profile(house, *privileges, at=at)))


def person(clerk: Clerk, house: House, *privileges: str, at: Id | None = None, password: str = "kept") -> Id:
    who = new_id()
    at = at or house.institution
    clerk.do(InviteOperator(id=who, context_id=at, name="Paul", email=f"{who.lower()}@x.example", language="fr"))
    if password:
        clerk.db.begin(write=True)
        clerk.db.write("UPDATE operator SET password = :p WHERE id = :id", {"p": password, "id": who})
        clerk.db.commit()
    if privileges:
        clerk.do(GiveRole(operator_id=who, profile_id=made(clerk, house, *privileges, at=at), context_id=at))
    return who


def acting(clerk: Clerk, who: Id) -> Clerk:
    """The same door, in somebody's hands, with what the database says that they hold."""
    from central.kernel.tx import Read
    from central.organisation.rights import actor_of

    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    operator = read.get(Operator, who)
    assert operator
    return clerk.as_(actor_of(read, operator))


# --- nobody gives what they do not hold -------------------------------------------------------------------------------


def test_a_role_wants_all_of_its_profile_there(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    small, big = made(clerk, house, "orders"), made(clerk, house, "orders", "ledger")
    giver = acting(clerk, person(clerk, house, "organisation.operator", "orders"))
    other = person(clerk, house)
    giver.do(GiveRole(operator_id=other, profile_id=small, context_id=house.season))
    refused = giver.no(GiveRole(operator_id=other, profile_id=big, context_id=house.institution))
    assert (refused.reason, refused.detail["privileges"]) == (NoOperator.NOT_YOURS_TO_GIVE, ["ledger"])
    assert (
        giver.no(GiveRole(operator_id=other, profile_id=small, context_id=house.season)).reason
        == NoOperator.ALREADY_GIVEN
    )


def test_what_is_held_below_is_not_given_above(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    sell = made(clerk, house, "orders")
    giver = acting(clerk, person(clerk, house, "organisation.operator", "orders", at=house.season))
    other = person(clerk, house, at=house.season)
    assert (
        giver.no(GiveRole(operator_id=other, profile_id=sell, context_id=house.organiser)).reason
        == NoOperator.NOT_YOURS_TO_GIVE
    )
    giver.do(GiveRole(operator_id=other, profile_id=sell, context_id=house.activity))


def test_a_profile_is_held_where_it_stands_or_below(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    there = made(clerk, house, "orders", at=house.season)
    who = person(clerk, house)
    assert (
        clerk.no(GiveRole(operator_id=who, profile_id=there, context_id=house.organiser)).reason
        == NoOperator.WRONG_CONTEXT
    )
    clerk.do(GiveRole(operator_id=who, profile_id=there, context_id=house.activity))


def test_single_privileges_too(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    giver = acting(clerk, person(clerk, house, "organisation.operator", "venues.venue"))
    who = person(clerk, house)
    grant = giver.do(GivePrivilege(operator_id=who, context_id=house.season, privilege="venues.venue.modify"))
    assert (
        giver.no(GivePrivilege(operator_id=who, context_id=house.season, privilege="venues")).reason
        == NoOperator.NOT_YOURS_TO_GIVE
    )
    assert (
        giver.no(GivePrivilege(operator_id=who, context_id=house.season, privilege="venues.nonsense")).reason
        == NoOperator.UNKNOWN_PRIVILEGE
    )
    giver.do(TakePrivilege(grant_id=grant))
    assert clerk.rows("SELECT 1 FROM operator_grant WHERE id = :id", id=grant) == []


@pytest.mark.parametrize("node", ["venues.nothing", "Venues", "", "**", "venues.*", "orders.order.create.x"])
def test_a_profile_names_only_what_there_is(quick: tuple[Clerk, House], node: str) -> None:
    clerk, house = quick
    refused = clerk.no(profile(house, "orders", node))
    assert refused.reason == NoOperator.UNKNOWN_PRIVILEGE and refused.detail["privileges"] == [node]


def test_a_right_that_is_no_more_keeps_nobody_from_the_profile(quick: tuple[Clerk, House]) -> None:
    """An older release knew it: it opens nothing, may stay and go, and comes into no profile again."""
    clerk, house = quick
    found = Id(clerk.do(profile(house, "orders")))
    clerk.db.write(
        "UPDATE operator_profile SET privileges = :all WHERE id = :id", {"all": '["orders","venues.gone"]', "id": found}
    )
    clerk.do(CHANGE(id=found, set={"names": {"fr": "Guichet"}}))
    clerk.do(CHANGE(id=found, set={"privileges": ("orders", "venues.gone", "pricing")}))
    refused = clerk.no(CHANGE(id=found, set={"privileges": ("orders", "venues.gone", "venues.nothing")}))
    assert refused.detail["privileges"] == ["venues.nothing"]
    clerk.do(CHANGE(id=found, set={"privileges": ("orders",)}))
    assert (
        clerk.no(CHANGE(id=found, set={"privileges": ("orders", "venues.gone")})).reason == NoOperator.UNKNOWN_PRIVILEGE
    )


def test_nobody_puts_into_a_profile_what_they_do_not_hold(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    writer = acting(clerk, person(clerk, house, "organisation.profile", "orders"))
    mine = writer.do(profile(house, "orders.order.create"))
    assert writer.no(profile(house, "orders", "ledger")).reason == NoOperator.NOT_YOURS_TO_GIVE
    writer.do(CHANGE(id=mine, set={"privileges": ("orders",)}))
    assert writer.no(CHANGE(id=mine, set={"privileges": ("orders", "*")})).reason == NoOperator.NOT_YOURS_TO_GIVE
    hers = made(clerk, house, "ledger", "orders")
    assert writer.no(CHANGE(id=hers, set={"privileges": ("orders",)})).reason == NoOperator.NOT_YOURS_TO_GIVE, (
        "nor take it out"
    )
    assert writer.no(CHANGE(id=hers, set={"second_factor": True})).reason == NoOperator.NOT_YOURS_TO_GIVE
    writer.do(CHANGE(id=hers, set={"names": {"fr": "Caisse"}}))


def test_who_is_narrowed_gives_no_more_room_than_they_have(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    chief = person(clerk, house, "organisation.operator", "organisation.profile", "orders")
    clerk.do(SetPerimeter(operator_id=chief, kind=PerimeterKind.POINT_OF_SALE, object_ids=(house.desk,)))
    giver, sell = acting(clerk, chief), made(clerk, house, "orders")
    free = person(clerk, house)
    refused = giver.no(GiveRole(operator_id=free, profile_id=sell, context_id=house.institution))
    assert (refused.reason, refused.detail["perimeter"]) == (NoOperator.NOT_YOURS_TO_GIVE, ["point_of_sale"])
    newcomer = new_id()
    giver.do(
        InviteOperator(
            id=newcomer,
            context_id=house.institution,
            name="Nino",
            email="nino@x.example",
            language="fr",
            profile_id=sell,
        )
    )
    assert clerk.rows("SELECT object_id FROM operator_perimeter WHERE operator_id = :id", id=newcomer) == [
        (house.desk,)
    ]
    for objects in ((), (house.kiosk_point,), (house.desk, house.kiosk_point)):
        assert (
            giver.no(SetPerimeter(operator_id=newcomer, kind=PerimeterKind.POINT_OF_SALE, object_ids=objects)).reason
            == NoOperator.NOT_YOURS_TO_GIVE
        )
        assert (
            giver.no(SetPerimeter(operator_id=chief, kind=PerimeterKind.POINT_OF_SALE, object_ids=objects)).reason
            == NoOperator.OWN_RIGHTS
        )
    program = new_id()
    giver.do(
        CreateOperator(
            id=program, context_id=house.institution, name="Site", key_digest=key_digest("k"), privileges=("orders",)
        )
    )
    assert clerk.rows("SELECT object_id FROM operator_perimeter WHERE operator_id = :id", id=program) == [(house.desk,)]
    mine = giver.do(profile(house, "orders.order.read"))
    assert giver.no(CHANGE(id=mine, set={"privileges": ("orders",)})).reason == NoOperator.NOT_YOURS_TO_GIVE


def test_a_perimeter_names_what_there_is_and_holds_at_the_door(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    seller = person(clerk, house, "orders")
    gone = new_id()
    refused = clerk.no(
        SetPerimeter(operator_id=seller, kind=PerimeterKind.POINT_OF_SALE, object_ids=(house.desk, gone))
    )
    assert (refused.reason, refused.detail["faults"][0]["ids"]) == (NoChange.FAULTY, [gone])
    clerk.do(SetPerimeter(operator_id=seller, kind=PerimeterKind.POINT_OF_SALE, object_ids=(house.kiosk_point,)))
    assert acting(clerk, seller).no(house.order(house.seats[0])).reason == NoEntry.NOT_YOURS
    clerk.do(
        SetPerimeter(operator_id=seller, kind=PerimeterKind.POINT_OF_SALE, object_ids=(house.kiosk_point, house.desk))
    )
    acting(clerk, seller).do(house.order(house.seats[0]))
    clerk.do(SetPerimeter(operator_id=seller, kind=PerimeterKind.POINT_OF_SALE, object_ids=()))
    assert clerk.rows("SELECT 1 FROM operator_perimeter WHERE operator_id = :id", id=seller) == []


# --- nobody changes who holds more ------------------------------------------------------------------------------------


def test_who_holds_more_is_not_changed(quick: tuple[Clerk, House]) -> None:
    """A new mail address, a letter or a cleared second factor would be a way in as them."""
    clerk, house = quick
    boss = person(clerk, house, "*", at=house.institution)
    deputy = acting(clerk, person(clerk, house, "organisation", "orders"))
    role = clerk.rows("SELECT id FROM operator_role WHERE operator_id = :id", id=boss)[0][0]
    for command in (
        ChangeOperator(operator_id=boss, name="Boss", language="fr", email="mine@x.example"),
        SendLetter(operator_id=boss), ClearSecondFactor(operator_id=boss),
        DeactivateOperator(operator_id=boss), ReactivateOperator(operator_id=boss), TakeRole(role_id=role),
        SetPerimeter(operator_id=boss, kind=PerimeterKind.CHANNEL, object_ids=(house.channel,)),
        RenewKey(operator_id=house.admin, key_digest=key_digest("mine")), WithdrawKey(operator_id=house.admin),
    ):  # fmt: skip
        refused = deputy.no(command)
        assert (refused.reason, refused.detail["privileges"]) == (NoOperator.HOLDS_MORE, ["*"]), command
    equal = person(clerk, house, "orders")
    deputy.do(ChangeOperator(operator_id=equal, name="Paul", language="en", email="paul@x.example"))
    deputy.do(SendLetter(operator_id=equal))
    deputy.do(DeactivateOperator(operator_id=equal))


def test_only_where_the_operator_stands(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    above = person(clerk, house)
    below = acting(clerk, person(clerk, house, "organisation", at=house.season))
    assert below.no(SendLetter(operator_id=above)).reason == NoEntry.NOT_ALLOWED
    assert (
        below.no(
            InviteOperator(id=new_id(), context_id=house.institution, name="Nino", email="n@x.example", language="fr")
        ).reason
        == NoEntry.NOT_ALLOWED
    )
    below.do(InviteOperator(id=new_id(), context_id=house.activity, name="Nino", email="n@x.example", language="fr"))


# --- the last administrator -------------------------------------------------------------------------------------------


def test_the_last_administrator_stays(quick: tuple[Clerk, House]) -> None:
    """Every way that would leave nobody who can give everything."""
    clerk, house = quick
    boss = person(clerk, house, "*")
    (role,) = [Id(row[0]) for row in clerk.rows("SELECT id FROM operator_role WHERE operator_id = :id", id=boss)]
    (its,) = [Id(row[0]) for row in clerk.rows("SELECT profile_id FROM operator_role WHERE id = :id", id=role)]
    me = acting(clerk, boss)
    assert me.no(DeactivateOperator(operator_id=boss)).reason == NoOperator.LAST_ADMINISTRATOR
    for command in (
        DeactivateOperator(operator_id=boss), TakeRole(role_id=role),
        SetPerimeter(operator_id=boss, kind=PerimeterKind.CHANNEL, object_ids=(house.channel,)),
        CHANGE(id=its, set={"privileges": ("orders",)}),
    ):  # fmt: skip
        assert clerk.no(command).reason == NoOperator.LAST_ADMINISTRATOR, command
    assert me.no(DELETE(id=its)).reason == NoChange.IN_USE
    second = person(clerk, house, "*", password="")
    assert me.no(DeactivateOperator(operator_id=boss)).reason == NoOperator.LAST_ADMINISTRATOR, (
        "who never had a password cannot come in"
    )
    clerk.db.begin(write=True)
    clerk.db.write("UPDATE operator SET password = 'kept' WHERE id = :id", {"id": second})
    clerk.db.commit()
    me.do(DeactivateOperator(operator_id=boss))
    assert acting(clerk, second).no(DeactivateOperator(operator_id=second)).reason == NoOperator.LAST_ADMINISTRATOR


def test_without_any_person_a_program_is_the_last(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    (grant,) = [
        Id(row[0]) for row in clerk.rows("SELECT id FROM operator_grant WHERE operator_id = :id", id=house.admin)
    ]
    for command in (
        WithdrawKey(operator_id=house.admin),
        DeactivateOperator(operator_id=house.admin),
        TakePrivilege(grant_id=grant),
    ):
        assert clerk.no(command).reason == NoOperator.LAST_ADMINISTRATOR
    person(clerk, house, "*")
    clerk.do(WithdrawKey(operator_id=house.admin))


# --- programs ---------------------------------------------------------------------------------------------------------


def test_a_programs_key_is_renewed_and_withdrawn(quick: tuple[Clerk, House]) -> None:
    from central.kernel.tx import Read

    clerk, house = quick
    program = new_id()
    clerk.do(
        CreateOperator(
            id=program,
            context_id=house.institution,
            name="Site",
            key_digest=key_digest("first"),
            privileges=("orders",),
        )
    )
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)

    def opens(key: str) -> bool:
        return operator_of(read, program, key) is not None

    assert opens("first")
    clerk.do(RenewKey(operator_id=program, key_digest=key_digest("second")))
    assert not opens("first") and opens("second")
    clerk.do(DeactivateOperator(operator_id=program))
    assert not opens("second")
    clerk.do(ReactivateOperator(operator_id=program))
    clerk.do(WithdrawKey(operator_id=program))
    assert not opens("second") and not opens("")
    assert clerk.no(SendLetter(operator_id=program)).reason == NoOperator.NOT_A_PERSON
    paul = person(clerk, house)
    assert clerk.no(RenewKey(operator_id=paul, key_digest=key_digest("x"))).reason == NoOperator.NOT_A_PROGRAM
    assert operator_of(read, paul, "") is None, "a person has no key, not even an empty one"


def test_everything_wrong_with_an_invitation_at_once(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    clerk.do(
        InviteOperator(id=new_id(), context_id=house.institution, name="Paul", email="Paul@X.example ", language="fr")
    )
    refused = clerk.no(
        InviteOperator(id=new_id(), context_id=house.institution, name=" ", email="no address", language="tlh")
    )
    assert [(each["at"], each["what"]) for each in refused.detail["faults"]] == [
        ("name", "missing"), ("email", "not_an_email"), ("language", "not_a_language"),
    ]  # fmt: skip
    taken = clerk.no(
        InviteOperator(id=new_id(), context_id=house.institution, name="Paul", email="paul@x.example", language="fr")
    )
    assert taken.detail["faults"][0]["what"] == "taken"


# --- what may they do, and why ----------------------------------------------------------------------------------------


def test_what_may_they_do_and_why(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    who = person(clerk, house, "venues.venue", "orders.order.read", at=house.season)
    clerk.do(GivePrivilege(operator_id=who, context_id=house.activity, privilege="orders"))
    clerk.do(SetPerimeter(operator_id=who, kind=PerimeterKind.CHANNEL, object_ids=(house.channel,)))
    found = clerk.ask(WhatMayTheyDo(operator_id=who)).value
    cells = {cell["privilege"]: cell["why"] for line in found["lines"] for cell in line["cells"]}
    assert [each["through"] for each in cells["venues.venue.modify"]] == ["role"]
    assert [(each["through"], each["context_id"]) for each in cells["orders.order.read"]] == [
        ("role", house.season), ("grant", house.activity),
    ]  # fmt: skip
    assert cells["ledger.move.read"] == [] and found["perimeter"] == {"channel": [house.channel]}
    here = clerk.ask(WhatMayTheyDo(operator_id=who, at=house.season)).value
    cells = {cell["privilege"]: cell["why"] for line in here["lines"] for cell in line["cells"]}
    assert len(cells["orders.order.read"]) == 1 and cells["orders.order.create"] == []
    assert clerk.ask(WhatMayTheyDo(operator_id=who, at=house.organiser)).value["lines"]


def test_the_overview_says_what_the_door_does(quick: tuple[Clerk, House]) -> None:
    """For every privilege, at every context: the screen and the door read the same rows."""
    clerk, house = quick
    who = person(clerk, house, "venues", "organisation.operator.read", at=house.organiser)
    clerk.do(GivePrivilege(operator_id=who, context_id=house.activity, privilege="orders.order"))
    actor = acting(clerk, who).actor
    path: tuple[str, ...] = ()
    for at in (house.institution, house.organiser, house.season, house.activity):
        path = (at, *path)
        found = clerk.ask(WhatMayTheyDo(operator_id=who, at=at)).value
        for cell in (cell for line in found["lines"] for cell in line["cells"]):
            assert bool(cell["why"]) is actor.may(cell["privilege"], path), (cell, at)


def test_who_may(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    who = person(clerk, house, "venues", at=house.season)
    gone = person(clerk, house, "venues", at=house.season)
    clerk.do(DeactivateOperator(operator_id=gone))

    def ids(at: Id, privilege: str = "venues.venue.modify") -> set[str]:
        return {each["operator_id"] for each in clerk.ask(WhoMay(context_id=at, privilege=privilege)).value}

    assert ids(house.activity) == ids(house.season) == {house.admin, who}
    assert ids(house.organiser) == {house.admin}
    assert (
        clerk.ask(WhoMay(context_id=house.season, privilege="venues.nonsense")).reason == NoOperator.UNKNOWN_PRIVILEGE
    )


def test_every_privilege_of_the_code_can_be_granted() -> None:
    assert {str(each) for area in AREAS for each in area.privileges} <= known_nodes() | {"devices.sync.execute"}


# --- the pages --------------------------------------------------------------------------------------------------------


async def test_inviting_giving_and_taking_in_the_browser(people: People, jeanne: Id) -> None:
    house = people.house
    sell = await people.profile("orders")
    browser = await people.browser().sign_in(next="/admin/operators/new")
    assert "elle reçoit un lien par courriel" in browser.text
    await browser.post(
        "/admin/operators/new", kind="person", name="", email="x", language="fr", context_id=house.season
    )
    assert browser.status == 400 and browser.text.count('aria-invalid="true"') == 2
    await browser.post(
        "/admin/operators/new", kind="person", name="Paul <b>", email="paul@x.example", language="en",
        context_id=house.season, profile_id=sell,
    )  # fmt: skip
    (paul,) = await people.rows(Operator, "WHERE email = 'paul@x.example'")
    assert browser.path == f"/admin/e/operator/{paul.id}" and "Paul &lt;b&gt;" in browser.text
    (role,) = await people.rows(Role, "WHERE operator_id = :id", id=paul.id)
    at = f"/admin/operators/{paul.id}"
    await browser.post(f"{at}/privilege", context_id=house.season, privilege="venues.venue")
    (grant,) = await people.rows(Grant, "WHERE operator_id = :id", id=paul.id)
    assert (await browser.get(f"/admin/who/{paul.id}")).text.count("droit donné à part") == 1
    assert "Profil" in browser.text
    await browser.get(f"/admin/e/operator/{paul.id}")
    await browser.post(f"{at}/perimeter", kind="point_of_sale", object=house.desk)
    assert [each.object_id for each in await people.rows(Perimeter, "WHERE operator_id = :id", id=paul.id)] == [
        house.desk
    ]
    await browser.post(f"{at}/no-role", role_id=role.id)
    await browser.post(f"{at}/no-privilege", grant_id=grant.id)
    assert not await people.rows(Role, "WHERE operator_id = :id", id=paul.id)
    await browser.post(f"{at}/deactivate")
    assert "désactivé" in browser.text and not (await people.operator(paul.id)).active
    await browser.get(f"/admin/who?privilege=orders.order.create&at={house.season}")
    assert "Jeanne Martin" in browser.text and "Paul" not in browser.text


async def test_a_programs_key_is_shown_once(people: People, jeanne: Id) -> None:
    browser = await people.browser().sign_in(next="/admin/operators/new")
    await browser.post(
        "/admin/operators/new", kind="program", name="Site", language="fr", context_id=people.house.institution
    )
    (program,) = await people.rows(Operator, "WHERE name = 'Site'")
    assert program.kind is OperatorKind.PROGRAM
    key = next(each for each in browser.text.split("<code>") if len(each.partition("<")[0]) == 43).partition("<")[0]
    assert program.key_digest == key_digest(key)
    assert key not in (await browser.get(f"/admin/e/operator/{program.id}")).text
    await browser.post(f"/admin/operators/{program.id}/key")
    assert (await people.operator(program.id)).key_digest != program.key_digest


async def test_the_page_says_why_the_last_administrator_stays(people: People, jeanne: Id) -> None:
    browser = await people.browser().sign_in(next=f"/admin/e/operator/{jeanne}")
    await browser.post(f"/admin/operators/{jeanne}/deactivate")
    assert browser.status == 400 and "dernière personne qui administre" in browser.text
    assert (await people.operator(jeanne)).active


async def test_pages_hide_and_refuse_what_is_not_allowed(people: People, jeanne: Id) -> None:
    await people.person("Paul", "paul@x.example", "orders")
    browser = await people.browser().sign_in("paul@x.example", next="/admin/operators/new")
    assert browser.status == 403 and "Il vous manque le droit" in browser.text
    assert (await browser.get(f"/admin/e/operator/{jeanne}")).status == 403
    assert (await browser.get(f"/admin/who/{jeanne}")).status == 403
    assert (await browser.get("/admin/who")).status == 403
    await browser.get("/me")
    await browser.post(f"/admin/operators/{jeanne}/deactivate")
    assert browser.status == 403 and (await people.operator(jeanne)).active


async def test_nobody_is_given_a_profile_by_a_press_alone(people: People, jeanne: Id) -> None:
    """The first of the list would be the administration's."""
    paul = await people.person("Paul", "paul@x.example")
    browser = await people.browser().sign_in(next=f"/admin/e/operator/{paul}")
    chooser = browser.text.partition('name="profile_id"')[2].partition("</select>")[0]
    assert " required" in chooser.partition(">")[0] and chooser.partition("<option")[2].startswith(' value="">')


async def test_without_a_mail_server_the_link_is_handed_over(people: People, jeanne: Id) -> None:
    from dataclasses import replace

    people.way_in.mailer._config = replace(people.way_in.mailer._config, host="")
    browser = await people.browser().sign_in(next="/admin/operators/new")
    assert "vous lui remettez un lien" in browser.text and "par courriel" not in browser.text
    await browser.post(
        "/admin/operators/new", kind="person", name="Nino", email="nino@x.example", language="fr",
        context_id=people.house.institution,
    )  # fmt: skip
    link = "/invitation/" + browser.text.split("/invitation/")[1].partition("<")[0]
    new = await people.browser().get(link)
    await new.post(link, password=PASSWORD, again=PASSWORD)
    assert (await people.browser().sign_in("nino@x.example", next="/me")).path == "/me"


def test_administrators_are_those_who_can_come_in(quick: tuple[Clerk, House]) -> None:
    from central.kernel.tx import Read

    clerk, house = quick
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    assert administrators(read) == [(house.admin, False)]
    boss, elsewhere = person(clerk, house, "*"), person(clerk, house, "*", at=house.season)
    assert dict(administrators(read)) == {house.admin: False, boss: True}
    assert elsewhere not in dict(administrators(read))
