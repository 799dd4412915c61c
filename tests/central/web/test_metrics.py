"""What is counted: bounded, documented, and shown to those who may see it."""

import asyncio
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from central.app import make_app
from central.kernel.actor import SYSTEM
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import DONE, Door
from central.kernel.keys import Keys
from central.organisation.ops import CreateOperator, key_digest
from central.web.metrics import NETWORKS
from central.web.origin import Proxies
from shared.ids import Id
from shared.runtime import metrics
from tests.central.small_house import House, Watch, new_id

OPERATION = Path(__file__).parents[3] / "docs" / "operation.md"
NOISE = metrics.counter("test_noise_total", "Only here.", kind=("loud", "soft"))


def test_a_label_says_only_what_was_declared() -> None:
    before = NOISE.value(kind="other")
    for each in range(1000):
        NOISE.add(kind=f"invented {each}")
    assert NOISE.value(kind="other") == before + 1000
    assert metrics.exposition().count(b"test_noise_total{") == 1, "no caller makes a scrape grow"
    with pytest.raises(ValueError, match="has the labels"):
        NOISE.add(loudness="loud")


def test_what_is_measured_stands_in_the_manual() -> None:
    """A family that is declared and not listed, or listed and gone, is named here."""
    declared = {
        f"`{family.name}`": (family.kind, ", ".join(sorted(family.labels)) or "–")
        for family in metrics.FAMILIES.values()
        if family.name.startswith("parterre_")
    }
    rows = re.findall(r"^\| (`parterre_\w+`) \| (\w+) \| ([\w, –]+) \| .+ \|$", OPERATION.read_text(), re.M)
    assert {name: (kind, labels) for name, kind, labels in rows} == declared


@pytest.fixture
async def scraped(sqlite_place: tuple[Database, House], keys: Keys) -> AsyncIterator[tuple[Door, House, TestClient]]:  # type: ignore[type-arg]
    door = Door(sqlite_place[0], Watch(), path_of, keys)
    door.start()
    async with TestClient(TestServer(make_app(door))) as client:
        yield door, sqlite_place[1], client
    await asyncio.to_thread(door.stop)


async def _hired(door: Door, house: House, at: Id, *privileges: str) -> dict[str, str]:
    operator = new_id()
    made = CreateOperator(
        id=operator,
        context_id=at,
        name="Prometheus",
        key_digest=key_digest(f"key of {operator}"),
        privileges=privileges,
        points_of_sale=(),
    )
    assert (await door.execute(SYSTEM, made, new_id())).ok
    return {"Authorization": "Basic " + b64encode(f"{operator}:key of {operator}".encode()).decode()}


async def test_who_may_read_the_figures(scraped: tuple[Door, House, TestClient]) -> None:  # type: ignore[type-arg]
    door, house, client = scraped
    whole, part = "organisation.metrics.read", "organisation.audit.read"
    for headers, status in (
        ({}, 401),
        ({"Authorization": "Basic bm9ib2R5Og=="}, 401),
        (await _hired(door, house, house.institution, part), 403),
        (await _hired(door, house, house.organiser, whole), 403),
        (await _hired(door, house, house.institution, whole), 200),
    ):
        async with client.get("/metrics", headers=headers) as answer:
            assert answer.status == status
            said = await answer.text()
    assert answer.headers["Cache-Control"] == "no-store"
    done = DONE.value(command="create_operator", outcome="ok")
    assert f'parterre_commands_total{{command="create_operator",outcome="ok"}} {done}' in said
    assert "process_resident_memory_bytes" in said


@pytest.mark.parametrize(
    "networks, proxies, forwarded, status",
    [
        (("127.0.0.0/8",), (), None, 200),
        (("10.0.0.0/8",), (), None, 401),
        (("127.0.0.0/8",), (), "10.0.0.1", 401),  # a proxy that nobody has named speaks for anybody
        (("127.0.0.0/8",), ("127.0.0.1",), "203.0.113.9", 401),
        (("203.0.113.0/24",), ("127.0.0.1",), "203.0.113.9", 200),
        ((), ("127.0.0.1",), "127.0.0.1", 401),
    ],
)
async def test_networks_that_may_read_without_a_key(
    sqlite_place: tuple[Database, House], keys: Keys, networks: tuple[str, ...], proxies: tuple[str, ...],
    forwarded: str | None, status: int,
) -> None:  # fmt: skip
    door = Door(sqlite_place[0], Watch(), path_of, keys)
    door.start()
    app = make_app(door, proxies=Proxies.of(proxies), given={NETWORKS: Proxies.of(networks)})
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    async with TestClient(TestServer(app)) as client, client.get("/metrics", headers=headers) as answer:
        assert answer.status == status
    await asyncio.to_thread(door.stop)
