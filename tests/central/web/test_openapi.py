"""The API as it declares itself: the document is sound, and hostile callers get what it promises."""

import asyncio
import threading
from base64 import b64encode
from collections.abc import Iterator

import pytest
import schemathesis
from aiohttp import web
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import validate
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from central.app import make_app
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.entity import BY_NAME
from central.kernel.keys import Keys
from central.kernel.registry import COMMANDS, QUERIES
from central.organisation.ops import path_of
from central.web.openapi import document
from tests.central.small_house import ADMIN_KEY, House, Watch

CHECKS = [not_a_server_error, response_schema_conformance, content_type_conformance, status_code_conformance]
EXAMPLES = 5


@pytest.fixture
def served(place: tuple[Database, House], keys: Keys) -> Iterator[str]:
    """A real server in a thread of its own, for callers that know nothing of asyncio."""
    ready, urls, stop = threading.Event(), list[str](), asyncio.Event()

    async def serve() -> None:
        door = Door(place[0], Watch(), path_of, keys)
        door.start()
        runner = web.AppRunner(make_app(door), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        urls.append("http://{}:{}".format(*runner.addresses[0]))
        ready.set()
        await stop.wait()
        await runner.cleanup()
        await asyncio.to_thread(door.stop)

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), name="server")
    thread.start()
    assert ready.wait(20)
    yield urls[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(20)
    loop.close()


def test_the_document_is_sound_and_whole() -> None:
    said = document()
    validate(said)
    wanted = (
        {f"/api/v1/commands/{name}" for name in COMMANDS}
        | {f"/api/v1/queries/{name}" for name in QUERIES}
        | {f"/api/v1/entities/{name}" for name in BY_NAME}
        | {"/api/v1/openapi.json", "/api/v1/snapshots/{name}"}
    )
    assert set(said["paths"]) == wanted
    names = [operation["operationId"] for path in said["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))


@pytest.mark.timeout(100)
def test_hostile_callers_get_what_the_document_promises(served: str, place: tuple[Database, House]) -> None:
    schema = schemathesis.openapi.from_url(f"{served}/api/v1/openapi.json")
    said = b64encode(f"{place[1].admin}:{ADMIN_KEY}".encode()).decode()
    headers = {"Authorization": f"Basic {said}"}
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def hostile(case: schemathesis.Case) -> None:
            nonlocal asked
            asked += 1
            case.call_and_validate(headers=headers, checks=CHECKS)

        hostile()
    assert asked >= len(document()["paths"])
