"""What a page offers in a state is what the command's rule takes in it: no other list says which states those are."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.catalogue.model import NoPerformance, PerformanceDo, PerformanceState
from central.devices.enrolment import ApproveDevice, EnrolDevice, InviteDevice, RenewCode, RevokeDevice
from central.devices.instructions import CommandDevice
from central.devices.model import DeviceState, NoDevice
from central.kernel.contexts import by_house_alone
from central.kernel.db import Database
from central.kernel.registry import COMMANDS
from central.programme.date_change import ReschedulePerformance
from central.programme.performances import DeletePerformance, Schedule
from central.programme.sale_state import ChangeSale
from shared.ids import Id
from shared.wire.certificates import DeviceKind, signing_request
from shared.wire.seal import Signer
from tests.central.small_house import STARTS, House, new_id
from tests.central.web.screens.conftest import Browser

pytestmark = pytest.mark.behind_the_door  # a state is put there

NOT_NOW = {NoPerformance.NOT_POSSIBLE_NOW, NoDevice.NOT_POSSIBLE_NOW, NoDevice.NO_SUCH_DEVICE}
TIMES = Schedule(STARTS, STARTS, STARTS, STARTS)

PERFORMANCES: dict[str, Callable[[Id], Any]] = {
    "/admin/do/delete_performance?on={id}": lambda id: DeletePerformance(performance_id=id),
    "/admin/do/reschedule_performance?on={id}": lambda id: ReschedulePerformance(performance_id=id, schedule=TIMES),
    **{
        f"/admin/do/change_sale?on={{id}}&amp;do={do}": lambda id, do=do: ChangeSale(performance_id=id, do=do)
        for do in PerformanceDo
    },
}
DEVICES: dict[str, Callable[[Id], Any]] = {
    "/admin/do/renew_code?on={id}": lambda id: RenewCode(device_id=id),
    "/admin/do/revoke_device?on={id}": lambda id: RevokeDevice(device_id=id),
    "/admin/device/{id}/instruction": lambda id: CommandDevice(device_id=id, name="helpdesk", body={}),
}
OF_ITSELF = {(PerformanceState.ON_SALE, PerformanceDo.OPEN)}  # taken, so that who sends it twice is not refused


async def _offered_and_taken(
    browser: Browser, page: str, table: dict[str, Callable[[Id], Any]], row: Id
) -> tuple[set[str], set[str]]:
    text = (await browser.get(page)).text
    taken = set()
    for address, command in table.items():
        reply = await browser.door.execute(browser.me["now"].actor, command(row), new_id(), dry_run=True)
        if reply.ok or reply.outcome.reason not in NOT_NOW:
            taken.add(address)
    return {address for address in table if f'"{address.format(id=row)}"' in text}, taken


def _put(place: tuple[Database, House], table: str, row: Id, state: str) -> None:
    db = place[0].connect()
    db.write(f"UPDATE {table} SET state = :state WHERE id = :id", {"state": state, "id": row})
    db.close()


@pytest.mark.parametrize("state", PerformanceState)
async def test_a_performance_s_page(
    browser: Browser, sqlite_place: tuple[Database, House], state: PerformanceState
) -> None:
    show = browser.house.performance
    _put(sqlite_place, "performance", show, state)
    offered, taken = await _offered_and_taken(browser, f"/admin/e/performance/{show}", PERFORMANCES, show)
    again = {f"/admin/do/change_sale?on={{id}}&amp;do={do}" for at, do in OF_ITSELF if at is state}
    assert offered == taken - again
    assert (state is PerformanceState.DRAFT) == any("delete" in each for each in offered), "a draft goes, nothing else"


@pytest.mark.parametrize("state", DeviceState)
async def test_a_device_s_page(browser: Browser, sqlite_place: tuple[Database, House], state: DeviceState) -> None:
    gate, house, signer = new_id(), browser.house, Signer.of(Ed25519PrivateKey.generate())
    invite = InviteDevice(
        id=gate, context_id=house.organiser, site_id=house.site, kind=DeviceKind.GATE, code="G9", label="Gate",
        enrolment_code="CODE-7391",
    )  # fmt: skip
    enrol = EnrolDevice(code="CODE-7391", request_pem=signing_request(signer.key, "gate"))
    for command in (invite,) if state is DeviceState.INVITED else (invite, enrol):
        assert (await browser.door.execute(browser.me["now"].actor, command, new_id())).ok
    _put(sqlite_place, "device", gate, state)
    approve = {"/admin/do/approve_device?on={id}": lambda id: ApproveDevice(device_id=id, kid=signer.kid)}
    offered, taken = await _offered_and_taken(browser, f"/admin/e/device/{gate}", DEVICES | approve, gate)
    assert offered == taken


def test_every_command_that_says_its_states_stands_in_a_table() -> None:
    named = {address.partition("?")[0].rpartition("/")[2] for address in (*PERFORMANCES, *DEVICES)}
    assert {each.name for each in COMMANDS.values() if each.only} <= named | {"command_device"}


async def test_no_page_offers_what_nobody_may_do(browser: Browser) -> None:
    """What central alone gives (before: *Accepter la salle*, on halls that were), and taking away what others stand
    under (before: on the house and on its organisers, always refused)."""
    house, nobodys = browser.house, {each.name for each in COMMANDS.values() if each.at is by_house_alone}
    for page in (f"physical_configuration/{house.physical}", f"operator/{house.admin}", f"context/{house.organiser}"):
        text = (await browser.get(f"/admin/e/{page}")).text
        assert "/admin/do/" in text and not {*re.findall(r"/admin/do/(\w+)", text)} & nobodys, page
    for context, goes in ((house.institution, False), (house.organiser, False), (house.activity, True)):
        assert ("/admin/do/delete_context" in (await browser.get(f"/admin/e/context/{context}")).text) is goes
