"""What a device may tell central, bent in every field: each fact is taken or becomes a letter that says where it is
wrong; nothing falls, nobody is held up, and a presence is believed about its own device only."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from structlog.testing import capture_logs

from central.devices import presence
from central.kernel.facts import FACTS
from central.kernel.trouble import NoDatabase, Unavailable
from central.web.area import BUS, DOOR, ROSTER
from shared.ids import Id, derived_id
from shared.wire import topics
from shared.wire.certificates import DeviceKind
from shared.wire.codec import dump
from shared.wire.facts import (
    Direction,
    FactKind,
    LeaseSealed,
    PassageFact,
    Sale,
    SaleLine,
    SalePayment,
    ScanFact,
    SlotsReturned,
)
from shared.wire.topics import Presence
from tests.central.devices.test_facts import enrol
from tests.central.small_house import Clerk, House, new_id
from tests.evening_house import EveningHouse, evening_house
from tests.hostile import bent, payloads
from tests.waiting import until

AT_ONCE = 20


def bodies(house: House) -> dict[FactKind, Any]:
    """An honest body of each kind that central acts on."""
    lease = new_id()
    line = SaleLine(lease, 0, house.full, 1000, 550, "TOKEN", "K1-1")
    return {
        FactKind.SALE: Sale(
            new_id(), 1, house.performance, "EUR", (line,), (SalePayment(new_id(), "card", 1000, "A1"),)
        ),
        FactKind.SLOTS_RETURNED: SlotsReturned(lease, (0,)),
        FactKind.LEASE_SEALED: LeaseSealed(lease, (0,)),
        FactKind.SCAN: ScanFact(new_id(), 1, house.performance, "A1", Direction.ENTRY, True, entry=1),
        FactKind.PASSAGE: PassageFact(new_id(), True),
    }


@pytest.mark.parametrize("kind", [kind for kind in FactKind if FACTS[kind].take])
def test_every_bent_fact_is_a_letter_and_none_holds_up_another(quick: tuple[Clerk, House], kind: FactKind) -> None:
    clerk, house = quick
    sender = enrol(clerk, house, DeviceKind.GATE if kind in (FactKind.SCAN, FactKind.PASSAGE) else DeviceKind.KIOSK)
    honest = bodies(house)[kind]
    told = [json.loads(dump(wrong)) for wrong in bent(type(honest), json.loads(dump(honest))) if writable(wrong)]
    if kind is FactKind.SALE:
        for line in bent(SaleLine, json.loads(dump(honest.lines[0]))):
            told += [{**json.loads(dump(honest)), "order_id": new_id(), "lines": [line]}] if writable(line) else []
        for payment in bent(SalePayment, json.loads(dump(honest.payments[0]))):
            told += (
                [{**json.loads(dump(honest)), "order_id": new_id(), "payments": [payment]}] if writable(payment) else []
            )
        told += [{**json.loads(dump(honest)), "order_id": new_id(), "currency": each} for each in ("XXX", "eur", "")]
    assert len(told) > 30
    facts = [sender.saw(kind, body) for body in told]
    dead: dict[str, str] = {}
    for n in range(0, len(facts), AT_ONCE):
        part = facts[n : n + AT_ONCE]
        receipt = sender.send(*part)
        assert receipt["contiguous"] == part[-1].seq
        dead |= receipt["dead"]
    assert len(dead) > len(facts) / 3 and all(0 < len(why) <= 500 for why in dead.values())
    databases = ("constraint", "foreign key", "unique", "integrity", "too large to convert", "out of range", "relation")
    assert not [why for why in dead.values() if any(word in why.lower() for word in databases)], "never its words"
    rows = clerk.rows("SELECT MAX(LENGTH(ticket_id)), MAX(LENGTH(gate)), MAX(LENGTH(reason)) FROM scan")
    assert max(size or 0 for size in rows[0]) <= 64, "what was taken is as short as a scan's fields are"


def writable(value: Any) -> bool:
    """What a device can sign at all: JSON as we write it."""
    try:
        dump(value)
    except TypeError:
        return False
    return True


@pytest.fixture
async def evening(tmp_path: Path) -> AsyncIterator[EveningHouse]:
    async with evening_house(tmp_path) as house:
        yield house


async def test_a_presence_speaks_for_its_own_topics_device_only(evening: EveningHouse) -> None:
    gate = await evening.device(DeviceKind.GATE, "G", "Gate")
    liar = await evening.device(DeviceKind.PRINTER, "P", "Printer")
    app, now = evening.central.app, datetime.now(UTC)
    ((wanted, _),) = app[BUS]._handlers
    assert wanted == "parterre/+/device/+/state"
    honest = Presence(liar.id, "s", True, now, detail={"kind": "gate", "label": "x"})
    with capture_logs() as lines:
        for payload in payloads({Presence: honest}, (liar.signer,)):
            await app[BUS]._dispatch(aiomqtt.Topic(topics.state(liar.site, liar.id)), payload)
        forged = dump(Presence(gate.id, "s", True, now, health="D-01"))
        await app[BUS]._dispatch(aiomqtt.Topic(topics.state(liar.site, liar.id)), forged)
    assert [line for line in lines if "exc_info" in line] == [] and len(lines) < 10
    assert gate.id not in app[ROSTER].all()
    await gate.appear()
    await until(lambda: app[ROSTER].online(gate.id))
    assert derived_id("nobody") not in app[ROSTER].all()


async def test_a_site_tells_of_its_own_devices_only(evening: EveningHouse) -> None:
    """Whatever a relay says under its site's name: a device of another site is not heard there, and one that there is
    none of takes no room."""
    gate = await evening.device(DeviceKind.GATE, "G", "Gate")
    app, now = evening.central.app, datetime.now(UTC)
    for site, device in ((derived_id("another site"), gate.id), (gate.site, derived_id("nobody"))):
        said = dump(Presence(device, "s", True, now))
        await app[BUS]._dispatch(aiomqtt.Topic(topics.state(site, device)), said)
    assert app[ROSTER].all() == {}
    await app[BUS]._dispatch(aiomqtt.Topic(topics.state(gate.site, gate.id)), dump(Presence(gate.id, "s", True, now)))
    assert app[ROSTER].online(gate.id)


async def test_what_was_told_while_the_database_could_not_say_is_asked_about_again(
    evening: EveningHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meanwhile it is believed, the last word first; what was not so goes, and what it hid is there again. Before, it
    stayed for good, and a device that said nothing else was missing for as long as it said nothing."""
    first, second = [await evening.device(DeviceKind.GATE, f"G{n}", f"Gate {n}") for n in range(2)]
    app, now = evening.central.app, datetime.now(UTC)
    other = derived_id("another site")

    async def say(site: str, device: Id, health: str) -> None:
        said = dump(Presence(device, "s", True, now, health))
        await app[BUS]._dispatch(aiomqtt.Topic(topics.state(site, device)), said)

    await say(first.site, first.id, "well")
    with monkeypatch.context() as away:

        async def read(*_: object) -> None:
            raise Unavailable(NoDatabase.DATABASE_AWAY, "a test")

        away.setattr(app[DOOR], "read", read)
        for device in (first.id, second.id, derived_id("nobody")):
            await say(other, device, "D-01")
        await say(second.site, second.id, "well")
        heard = {device: said.health for device, said in app[ROSTER].all().items()}
        assert heard == {first.id: "D-01", second.id: "well", derived_id("nobody"): "D-01"}
        assert app[ROSTER].online(derived_id("nobody"))
    proving = asyncio.create_task(presence.proving(app)())
    try:
        await until(lambda: app[ROSTER].told() == [(first.id, first.site), (second.id, second.site)])
    finally:
        proving.cancel()
    assert {each.health for each in app[ROSTER].all().values()} == {"well"}
    await say(other, first.id, "D-01")
    assert not app[ROSTER].knows(first.id, other)
