"""Central on a socket, as the house runs it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from central.app import make_app
from central.devices.snapshots import SNAPSHOTS
from central.first_run.pages import SETUP_FILE
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.keys import Keys
from central.kernel.vault import Vault
from central.organisation.pages import SIGN_IN_SERVICES, SignInServices
from central.organisation.settings import MailConfig
from central.reports.pages import LIVE_OPEN
from central.web.line import listening
from central.web.settings import HttpConfig
from tests.central.organisation.conftest import CHEAP
from tests.central.small_house import House, Watch
from tests.central.web.serving import Served, signed_in


@pytest.fixture
async def serve(
    sqlite_place: tuple[Database, House], keys: Keys, tmp_path: Path
) -> AsyncIterator[Callable[[HttpConfig], Any]]:
    database, house = sqlite_place
    door = Door(database, Watch(), path_of, keys)
    door.start()
    await signed_in(door, house, "anna")

    @asynccontextmanager
    async def served(config: HttpConfig, live_open: bool = False, **more: Any) -> AsyncIterator[Served]:
        way_in = SignInServices.of(door, Vault(b"k" * 32), CHEAP, MailConfig(), "http://house.test")
        given = {SIGN_IN_SERVICES: way_in, SNAPSHOTS: tmp_path, SETUP_FILE: tmp_path / "setup", LIVE_OPEN: live_open}
        app = make_app(door, http=config, given=given, **more)
        async with listening(app, "127.0.0.1", 0, config) as url:
            yield Served(app, url, door, house)

    yield served
    await asyncio.to_thread(door.stop)


@pytest.fixture
def nothing_breaks(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No traceback is left in anybody's log."""
    with capture_logs() as logs:
        yield
    assert [each for each in logs if each["log_level"] in ("error", "critical")] == []
    assert "/invitation/enrol_device" not in str(logs), "an address may hold a secret"
    assert [each for each in caplog.get_records("call") if each.levelno >= logging.ERROR] == []
