"""A disk that takes nothing more, and then does again: a real central in a process of its own, whose files may not grow
(RLIMIT_FSIZE, which the kernel enforces anywhere, for everybody, as it does a quota)."""

import asyncio
import errno
import os
import resource
import signal
import subprocess
import sys
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from central.app import open_door
from central.config import CentralConfig
from central.founding import found_house
from shared.ids import Id
from shared.runtime.config import Failure
from shared.runtime.mqtt import Endpoint
from tests.central.small_house import new_id
from tests.processes import children
from tests.waiting import until, until_so

MANY = 30


Process = subprocess.Popen[bytes]


def full(process: Process, yes: bool) -> None:
    """No file of central's processes may be written, or all may: nobody tells them, and nobody restarts them."""
    for pid in (process.pid, *children(process.pid)):
        most = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0 if yes else most, most))


def started(data: Path, *words: str, **said: object) -> Process:
    """Its log lies on the same disk."""
    names = {f"PARTERRE_CENTRAL__{name}": str(value) for name, value in {"DATA": data, **said}.items()}
    line = [sys.executable, "-c", "from parterre.cli import main; main()", *words]
    with data.with_name("log").open("ab") as log:
        return subprocess.Popen(line, env={"PATH": os.environ["PATH"], **names}, stdout=log, stderr=log)


@asynccontextmanager
async def central(data: Path, key: str) -> AsyncIterator[tuple[Process, aiohttp.ClientSession]]:
    """Until it is ended here. `key`: an operator's id and key."""
    ready = data.with_name("ready")
    ready.unlink(missing_ok=True)
    process = started(
        data, "central", "--ready-file", str(ready), LISTEN__PORT=0, BROKER__PORT=0, PULSE_EVERY_S=0.1,
        CHECKPOINT_EVERY_S=0.1, TALLY_EVERY_S=0.1, METRICS_NETWORKS='["127.0.0.1"]',
    )  # fmt: skip
    try:
        await until(lambda: process.poll() is not None or (ready.exists() and ready.read_text().endswith("\n")))
        assert process.poll() is None, data.with_name("log").read_text()
        headers = {"Authorization": f"Basic {b64encode(key.encode()).decode()}"}
        async with aiohttp.ClientSession(ready.read_text().splitlines()[0], headers=headers) as browser:
            await until_so(lambda: is_ready(browser))
            yield process, browser
    finally:
        process.kill()
        process.wait()


async def is_ready(browser: aiohttp.ClientSession) -> bool:
    async with browser.get("/readyz") as answer:
        return answer.status == 200 and (await answer.json())["failing"] == []


async def make(browser: aiohttp.ClientSession, institution: Id, site: Id) -> tuple[int, dict[str, Any], str]:
    body = {"id": site, "context_id": institution, "code": site[-10:], "names": {"fr": "Un site"}, "address": "",
            "timezone": "Europe/Paris"}  # fmt: skip
    async with browser.post("/api/v1/commands/create_site", json=body, headers={"Idempotency-Key": site}) as answer:
        return answer.status, await answer.json(), answer.headers.get("Retry-After", "")


async def sites(browser: aiohttp.ClientSession) -> set[str]:
    async with browser.get("/api/v1/entities/site?limit=500") as answer:
        assert answer.status == 200, "reading goes on"
        return {row["id"] for row in (await answer.json())["value"]}


async def readiness(browser: aiohttp.ClientSession) -> dict[str, Any]:
    async with browser.get("/readyz") as answer:
        said: dict[str, Any] = await answer.json()
        return said


async def test_a_full_disk_refuses_by_name_and_after_room_was_made_all_goes_on(tmp_path: Path) -> None:
    """Before: the copier's thread ended for good, and most commands went on failing after room was made."""
    data = tmp_path / "data"
    config = CentralConfig(data=data, listen=Endpoint("127.0.0.1", 0))
    institution, operator, secret = await found_house(config, "MAISON", "La maison", "Anna")
    there, wanted = [new_id() for _ in range(MANY)], [new_id() for _ in range(MANY)]
    async with central(data, f"{operator}:{secret}") as (process, browser):
        made = await asyncio.gather(*(make(browser, institution, each) for each in there))
        assert {status for status, _, _ in made} == {200}, made[0]
        full(process, True)
        refused = await asyncio.gather(*(make(browser, institution, each) for each in wanted))
        assert {(status, said["reason"], after) for status, said, after in refused} == {
            (503, "no_database.disk_full", "30")
        }
        assert {said["title"] for _, said, _ in refused} == {
            "The database’s disk takes nothing more, and nothing was done: make room, then try again."
        }
        assert await sites(browser) == set(there), "nothing is half done"
        await until_so(lambda: _says(browser, "commit", "disk_full"))
        async with browser.get("/healthz") as answer:
            assert answer.status == 200, "a restart would make no room"
        async with browser.get("/metrics") as answer:
            assert 'parterre_database_trouble{reason="disk_full",side="writes"} 1.0' in await answer.text()
        full(process, False)
        await until_so(lambda: is_ready(browser))
        again = await asyncio.gather(*(make(browser, institution, each) for each in wanted))
        assert {status for status, _, _ in again} == {200}, "the same commands, by their ids"
        assert await sites(browser) == {*there, *wanted}

        # and the power goes while it is full
        full(process, True)
        lost = [new_id() for _ in range(MANY)]
        assert {(await make(browser, institution, each))[1]["reason"] for each in lost} == {"no_database.disk_full"}
        process.send_signal(signal.SIGKILL)
    async with central(data, f"{operator}:{secret}") as (process, browser):
        assert await sites(browser) == {*there, *wanted}
        assert (await make(browser, institution, lost[0]))[0] == 200
        process.send_signal(signal.SIGTERM)
        await until(lambda: process.poll() is not None)
        assert process.returncode == 0
    proof = started(data, "audit", "verify")
    await until(lambda: proof.poll() is not None)
    assert proof.returncode == 0, data.with_name("log").read_text()


async def _says(browser: aiohttp.ClientSession, check: str, said: str) -> bool:
    return bool((await readiness(browser))["checks"][check] == said)


async def test_a_start_on_a_full_disk_says_where_to_make_room(tmp_path: Path) -> None:
    """Before: "disk I/O error"."""
    line = "import resource as r; r.setrlimit(r.RLIMIT_FSIZE, (20_000,) * 2); from parterre.cli import main; main()"
    config = CentralConfig(data=tmp_path / "data", listen=Endpoint("127.0.0.1", 0))
    await found_house(config, "MAISON", "La maison", "Anna")
    env = {"PATH": os.environ["PATH"], "PARTERRE_CENTRAL__DATA": str(config.data), "PYTHONDONTWRITEBYTECODE": "1"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", line, "central", env=env, stderr=asyncio.subprocess.PIPE
    )
    said = (await process.communicate())[1].decode()
    assert process.returncode == 2 and "Make room on the disk at " in said and "Traceback" not in said, said


@pytest.mark.parametrize(
    ("number", "step"), [(errno.EROFS, "mount it"), (errno.ENOSPC, "Make room"), (errno.EACCES, "folder's owner")]
)
def test_a_start_on_a_disk_that_takes_nothing_says_what_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, step: str
) -> None:
    """Before: whatever was wrong with the disk, its owner was to be checked."""

    def fails(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("central.app.open_keys", fails)
    with pytest.raises(Failure) as said:
        open_door(CentralConfig(data=tmp_path))
    assert step in said.value.step and os.strerror(number) in said.value.sentence
