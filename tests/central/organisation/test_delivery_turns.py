"""Whose turn it is among webhooks' receivers, counted in turns."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest

from central.kernel.db import Connection
from central.organisation import webhooks
from central.organisation.delivery_turns import AT_ONCE, FIRST_REST, LONGEST_REST, SLOW_AT_ONCE, TURN_MS, DeliveryTurns
from central.organisation.webhook_delivery import IN_A_ROW, ReceiverAnswer, Webhooks
from central.organisation.webhook_events import ResendDelivery
from shared.ids import Id
from tests.central.organisation.test_webhooks import Desk, desk
from tests.central.small_house import NOW, Watch, new_id
from tests.waiting import PATIENCE_S

__all__ = ["desk"]  # a fixture

SLOW = [Id(f"S{n}") for n in range(20)]
GOOD = Id("GOOD")


def a_turn(turns: DeliveryTurns, waiting: list[Id], bad: set[Id], busy: tuple[Id, ...] = ()) -> list[Id]:
    chosen = turns.whose(waiting, busy)
    for each in chosen:
        turns.began(each)
        turns.ended(each, each not in bad, 0, NOW)
    return chosen


def test_everybody_has_a_turn_before_anybody_has_two() -> None:
    turns = DeliveryTurns()
    row = [*SLOW, GOOD]
    first, second = a_turn(turns, row, set()), a_turn(turns, row, set())
    assert (len(first), len(second)) == (SLOW_AT_ONCE, AT_ONCE) and GOOD in second and {*first, *second} == set(row)


def test_places_are_kept_for_who_answers() -> None:
    turns = DeliveryTurns()
    for _ in range(2):
        a_turn(turns, [*SLOW, GOOD], set(SLOW))
    busy = turns.whose(SLOW, ())
    assert len(busy) == SLOW_AT_ONCE
    assert turns.whose([*SLOW, GOOD], busy) == [GOOD], "however many are slow"
    turns.began(SLOW[0])
    turns.ended(SLOW[0], True, TURN_MS, NOW)
    assert len(turns.whose(SLOW, ())) == SLOW_AT_ONCE, "who answers, and takes long over it, is slow as well"
    turns.ended(SLOW[0], True, 1, NOW)
    assert len(turns.whose(SLOW, ())) == SLOW_AT_ONCE + 1


def test_who_fails_rests_longer_each_time_and_not_for_ever() -> None:
    turns = DeliveryTurns()
    for n in range(40):
        turns.ended(GOOD, False, 0, NOW)
        rest = min(FIRST_REST * 2 ** min(n, 10), LONGEST_REST)
        assert turns.rests(GOOD, NOW + rest - timedelta(seconds=1)) and not turns.rests(GOOD, NOW + rest)
    turns.ended(GOOD, False, 0, NOW, after=timedelta(days=1))
    assert not turns.rests(GOOD, NOW + LONGEST_REST), "a receiver that asks for a day is asked again before"
    turns.ended(GOOD, True, 0, NOW)
    assert not turns.rests(GOOD, NOW)
    turns.forget_all_but([])
    assert not turns.rests(GOOD, NOW)


class Silent:
    """Instead of the network: who takes the connection and says nothing, until the test lets one of them go."""

    def __init__(self) -> None:
        self.tries: list[str] = []
        self.held: list[tuple[str, asyncio.Future[None]]] = []
        self.bell = asyncio.Condition()

    async def __call__(self, url: str, headers: Mapping[str, str], body: str) -> ReceiverAnswer:
        host = url.split("/")[2]
        async with self.bell:
            self.tries.append(host)
            self.bell.notify_all()
        if host.startswith("good"):
            return ReceiverAnswer(True, 200, "", 3)
        gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.held.append((host, gate))
        await gate
        return ReceiverAnswer(False, None, "no answer within 15 s", 15_000)

    def give_up(self) -> None:
        """The one that was asked first."""
        self.held.pop(0)[1].set_result(None)

    async def until(self, tries: int) -> None:
        async with asyncio.timeout(PATIENCE_S), self.bell:
            await self.bell.wait_for(lambda: len(self.tries) >= tries)

    async def until_heard(self, host: str, times: int) -> None:
        async with asyncio.timeout(PATIENCE_S), self.bell:
            await self.bell.wait_for(lambda: self.tries.count(host) >= times)


async def test_twenty_slow_receivers_stop_nobody(desk: Desk, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "MOST_WEBHOOKS", 21)  # as two organisers have
    post = Silent()
    desk.hooks = Webhooks(desk.door, post, watch)  # type: ignore[arg-type]
    for n in range(20):
        await desk.hook(f"https://slow{n}.example/")
    for _ in range(3):
        await desk.move_in()
    await desk.tell()  # sixty that are older than anything for the one that answers
    watch.at += timedelta(seconds=1)
    await desk.hook("https://good.example/")
    await desk.move_in()
    await desk.tell()
    keeping = asyncio.create_task(desk.hooks.keep())
    try:
        await post.until(SLOW_AT_ONCE)
        assert len(set(post.tries)) == SLOW_AT_ONCE and "good.example" not in post.tries, "the longest waiting first"
        for n in range(9):
            post.give_up()
            await post.until(SLOW_AT_ONCE + n + 1)
        assert "good.example" in post.tries and len(post.tries) == len(set(post.tries)), "each one turn, then the next"
        for _ in range(3):  # and from then on at once, with all the slow ones waiting again
            watch.at += LONGEST_REST
            post.give_up()
            before = post.tries.count("good.example")
            await desk.move_in()
            await desk.chain.seal()
            await post.until_heard("good.example", before + 1)
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


@pytest.mark.behind_the_door
async def test_one_with_a_thousand_waiting_hides_nobody(desk: Desk, watch: Watch) -> None:
    post = Silent()
    desk.hooks = Webhooks(desk.door, post, watch)  # type: ignore[arg-type]
    slow = await desk.hook("https://slow.example/")
    await desk.move_in()
    await desk.tell()

    def many(db: Connection) -> None:
        ((kind, body, due, lane),) = db.run("SELECT kind, body, due, lane FROM outbox WHERE kind = 'webhook'", {})
        for _ in range(1001):
            db.write(
                "INSERT INTO outbox (id, kind, body, due, tries, state, last_error, lane) "
                "VALUES (:id, :kind, :body, :due, 0, 'waiting', '', :lane)",
                {"id": new_id(), "kind": kind, "body": body, "due": due, "lane": lane},
            )

    await desk.door.chore(many)
    watch.at += timedelta(seconds=1)
    good = await desk.hook("https://good.example/")
    await desk.move_in()
    await desk.tell()
    assert await desk.look(desk.hooks._waiting) == [slow, good]


async def test_a_receiver_that_failed_rests_as_a_whole_unless_a_person_asks(desk: Desk, watch: Watch) -> None:
    answers = [False, True, True, True, True]

    async def post(url: str, headers: Mapping[str, str], body: str) -> ReceiverAnswer:
        ok = answers.pop(0)
        return ReceiverAnswer(ok, 200 if ok else 500, "" if ok else "answered 500", 1)

    desk.hooks = Webhooks(desk.door, post, watch)  # type: ignore[arg-type]
    await desk.hook("https://failing.example/")
    for _ in range(3):
        await desk.move_in()
    assert await desk.round() == 1 and await desk.hooks.deliver() == 0, "the other two wait as well"
    (failed,) = [each for each in await desk.deliveries() if each.tries]
    await desk.do(ResendDelivery(delivery_id=failed.id))
    assert await desk.hooks.deliver() == 1, "what a person sends again goes at once"
    assert await desk.hooks.deliver() == 2, "and it answers: the rest is over"


async def test_a_turn_ends_where_it_takes_long(desk: Desk, watch: Watch) -> None:
    took = 0

    async def post(url: str, headers: Mapping[str, str], body: str) -> ReceiverAnswer:
        return ReceiverAnswer(True, 200, "", took)

    desk.hooks = Webhooks(desk.door, post, watch)  # type: ignore[arg-type]
    await desk.hook("https://leisurely.example/")
    for _ in range(4):
        await desk.move_in()
    took = TURN_MS // 2
    assert await desk.round() == 2
    took = 1
    assert await desk.hooks.deliver() == 2 < IN_A_ROW
