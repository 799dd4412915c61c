"""A page that breaks says so in the reader's language, and once in the log."""

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from central.app import make_app
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.keys import Keys
from tests.central.small_house import House, Watch


async def _breaks(request: web.Request) -> web.StreamResponse:
    raise LookupError("what nobody thought of")


@pytest.mark.parametrize(
    "language, said",
    [("fr", "Réessayez"), ("en", "Try again"), ("de", "noch einmal"), ("es", "Inténtelo"), ("it", "Riprovi")],
)
async def test_a_page_that_breaks(
    sqlite_place: tuple[Database, House], keys: Keys, caplog: pytest.LogCaptureFixture, language: str, said: str
) -> None:
    door = Door(sqlite_place[0], Watch(), path_of, keys)
    door.start()
    app = make_app(door)
    app.router.add_get("/breaks/{secret}", _breaks)
    with capture_logs() as logs:
        async with TestClient(TestServer(app)) as client:
            answer = await client.get("/breaks/s3cret", headers={"Accept-Language": language})
            text = await answer.text()
    await asyncio.to_thread(door.stop)
    assert answer.status == 500 and said in text and f'lang="{language}"' in text
    assert answer.headers["X-Frame-Options"] == "DENY" and answer.headers["Cache-Control"] == "no-store"
    (entry,) = [each for each in logs if each["log_level"] == "error"]
    assert entry["event"] == "a page broke" and entry["path"] == "/breaks/{secret}" and "s3cret" not in str(logs)
    assert [each for each in caplog.records if each.name.startswith("aiohttp")] == []


async def test_an_address_of_the_api_that_is_none_answers_like_the_api(
    sqlite_place: tuple[Database, House], keys: Keys
) -> None:
    """Before: `404: Not Found`."""
    door = Door(sqlite_place[0], Watch(), path_of, keys)
    door.start()
    async with TestClient(TestServer(make_app(door))) as client:
        for method, path in (("GET", "/api/x"), ("POST", "/api/v2/commands/place_order")):
            answer = await client.request(method, path, headers={"Accept": "text/html"})
            said = await answer.json(content_type="application/problem+json")
            assert answer.status == 404 and said["reason"] == "unknown_address" and said["title"]
    await asyncio.to_thread(door.stop)
