"""What is noticed of a trouble, and for how long; and who waits for a lock with patience."""

import asyncio

import pytest

from central.kernel.outage import LASTS_S, TROUBLE, Outage
from central.kernel.patience import LONGEST_S, Patience
from central.kernel.trouble import NoDatabase, Stuck, Unavailable
from central.kernel.turns import BRIEF_S, HURRIED_S
from tests.waiting import until

# --- patience -------------------------------------------------------------------------------------------------------


async def test_few_are_patient_at_a_time_and_none_for_ever() -> None:
    clock = [100.0]
    stuck, let = Stuck(NoDatabase.DATABASE_HELD, "kept", again=True), asyncio.Event()
    lane = Patience(2, clock=lambda: clock[0])
    here = most = 0

    async def act() -> str:
        nonlocal here, most
        here += 1
        most = max(most, here)
        await let.wait()
        here -= 1
        return "done"

    assert lane.first_s == BRIEF_S
    coming = [asyncio.ensure_future(lane.again(stuck, 100.0, act)) for _ in range(4)]
    await until(lambda: here == 2)
    assert lane.first_s == HURRIED_S < BRIEF_S
    late = asyncio.ensure_future(lane.again(stuck, 100.0 - LONGEST_S, act))
    clock[0] += 1.0
    let.set()
    assert await asyncio.gather(*coming) == ["done"] * 4 and most == 2
    with pytest.raises(Stuck):
        await late
    with pytest.raises(Stuck):
        await lane.again(Stuck(NoDatabase.BUSY, "too much"), 101.0, act)
    assert lane.first_s == BRIEF_S


# --- what was noticed -----------------------------------------------------------------------------------------------

HELD = Unavailable(NoDatabase.DATABASE_HELD, "kept")
AWAY = Unavailable(NoDatabase.DATABASE_AWAY, "gone")


def _gauge(reason: NoDatabase) -> float:
    return TROUBLE.value(side="writes", reason=reason.value)


def test_what_was_noticed_is_over_by_a_success_or_by_its_age() -> None:
    clock = [0.0]
    outage = Outage("writes", clock=lambda: clock[0])
    outage.meets(HELD, "create_site")
    assert outage.now is HELD and outage.of_all is None and _gauge(HELD.reason) == 1
    assert outage.shuts_out(came=-1.0) is None, "a lock is in nobody else's way"
    clock[0] = LASTS_S - 1
    outage.over("place_order")
    assert outage.now is HELD
    outage.meets(HELD, "create_site")
    clock[0] += LASTS_S
    outage.over("place_order")
    assert outage.now is None and _gauge(HELD.reason) == 0, "nobody gives that command any more"
    outage.meets(HELD, "create_site")
    outage.over("create_site")
    assert outage.now is None and _gauge(HELD.reason) == 0


@pytest.mark.parametrize("reason", [each for each in NoDatabase if each is not NoDatabase.BUSY])
@pytest.mark.parametrize("lock_first", [True, False])
def test_any_success_ends_what_is_everybody_s(reason: NoDatabase, lock_first: bool) -> None:
    """Before: a lock that a rare command met meanwhile kept it for ever."""
    outage, trouble = Outage("writes", clock=lambda: 0.0), Unavailable(reason, "made up")
    if lock_first:
        outage.meets(HELD, "create_site")
    outage.meets(trouble)
    assert outage.of_all is trouble and outage.now is trouble and outage.shuts_out(came=0.0) is trouble
    if not lock_first:
        outage.meets(HELD, "create_site")
    outage.over("place_order")
    assert outage.of_all is None and outage.now is HELD and outage.shuts_out(came=0.0) is None
    outage.over("create_site")
    assert outage.now is None and _gauge(reason) == _gauge(HELD.reason) == 0
