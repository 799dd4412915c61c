"""An external contingent belongs to exactly one external channel; one that places are in stays
(docs/spec/contingents.md)."""

from typing import Any

import pytest

from central.inventory.contingents import CreateContingent
from central.inventory.model import Contingent, NoContingent
from central.inventory.plan_actions import AssignContingent, AssignLogicalContingent
from central.kernel.crud import command_of
from central.kernel.privileges import Action
from central.selling.model import ChannelKind, NoChannel
from central.selling.ops import ChangeChannel, CreateChannel
from central.venues.selection import Counted, Selection
from shared.ids import Id
from tests.central.small_house import Clerk, House, new_id

Quick = tuple[Clerk, House]
ChangeContingent = command_of(Action.MODIFY, Contingent)
DeleteContingent = command_of(Action.DELETE, Contingent)


def channel(house: House, code: str, kind: ChannelKind, *contingents: Id) -> tuple[Id, Any]:
    made = new_id()
    return made, CreateChannel(
        id=made,
        context_id=house.institution,
        code=code,
        names={"fr": code},
        kind=kind,
        contingents=contingents,
        uncontingented=False,
        max_places=10,
        active=True,
    )


def test_an_external_contingent_belongs_to_one_external_channel(quick: Quick) -> None:
    clerk, house = quick
    fnac, want = channel(house, "FNAC", ChannelKind.EXTERNAL)
    clerk.do(want)
    desk = clerk.no(ChangeContingent(id=house.contingent, set={"external_channel_id": house.channel}))
    assert (desk.reason, desk.detail) == (NoContingent.NOT_EXTERNAL, {"kind": "box_office"})
    made = new_id()
    clerk.do(
        CreateContingent(
            id=made,
            context_id=house.institution,
            code="FNAC",
            names={"fr": "Fnac"},
            colour="#111111",
            external_channel_id=fnac,
        )
    )
    clerk.do(ChangeChannel(id=fnac, set={"contingents": (made,)}))
    _, other = channel(house, "AUTRE", ChannelKind.EXTERNAL, made, house.contingent)
    refused = clerk.no(other)
    assert (refused.reason, refused.fix, refused.detail["codes"]) == (
        NoChannel.CONTINGENT_ELSEWHERE,
        "contingents",
        ["FNAC"],
    )
    assert (
        clerk.no(ChangeChannel(id=house.channel, set={"contingents": (made,)})).reason == NoChannel.CONTINGENT_ELSEWHERE
    )
    assert clerk.no(ChangeChannel(id=fnac, set={"kind": ChannelKind.KIOSK})).reason == NoChannel.NOT_EXTERNAL


def test_a_contingent_that_others_sell_from_does_not_become_external(quick: Quick) -> None:
    clerk, house = quick
    press, want = channel(house, "PRESSE", ChannelKind.BOX_OFFICE, house.contingent)
    clerk.do(want)
    fnac, want = channel(house, "FNAC", ChannelKind.EXTERNAL, house.contingent)
    clerk.do(want)
    bind = ChangeContingent(id=house.contingent, set={"external_channel_id": fnac})
    refused = clerk.no(bind)
    assert (refused.reason, refused.detail["codes"]) == (NoContingent.NAMED_ELSEWHERE, ["PRESSE"])
    clerk.do(ChangeChannel(id=press, set={"contingents": ()}))
    clerk.do(bind)
    clerk.do(ChangeContingent(id=house.contingent, set={"external_channel_id": None}))
    clerk.do(ChangeChannel(id=press, set={"contingents": (house.contingent,)}))


@pytest.mark.parametrize("where", ["place", "gauge", "logical_seat", "logical_gauge"])
def test_a_contingent_goes_only_when_no_place_is_in_it(quick: Quick, where: str) -> None:
    clerk, house = quick
    zone = Id(clerk.rows("SELECT id FROM physical_zone WHERE numbered = 0")[0][0])
    seats, some = Selection(seats=house.seats[:2]), Selection(counts=(Counted(zone, 5),))
    clerk.do(
        {
            "place": AssignContingent(
                performance_id=house.performance, contingent_id=house.contingent, selection=seats
            ),
            "gauge": AssignContingent(performance_id=house.performance, contingent_id=house.contingent, selection=some),
            "logical_seat": AssignLogicalContingent(
                configuration_id=house.logical, contingent_id=house.contingent, selection=seats
            ),
            "logical_gauge": AssignLogicalContingent(
                configuration_id=house.logical, contingent_id=house.contingent, selection=some
            ),
        }[where]
    )
    refused = clerk.no(DeleteContingent(id=house.contingent))
    assert refused.reason == NoContingent.IN_USE
    assert where in [each["entity"] for each in refused.detail["by"]]


def test_a_contingent_that_nobody_uses_goes(quick: Quick) -> None:
    clerk, house = quick
    clerk.do(DeleteContingent(id=house.contingent))
