"""The lane as a real process: killed hard and started again; started wrong."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
import tty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import PATIENCE_S, until

_SPEC = spec_from_file_location("gate_lanes", Path(__file__).with_name("test_gate_lane.py"))
assert _SPEC is not None and _SPEC.loader is not None
LANES = module_from_spec(_SPEC)
_SPEC.loader.exec_module(LANES)

pytestmark = pytest.mark.e2e
GATE = [sys.executable, "-c", "from parterre.cli import main; main()", "gate", "--config"]


def configured(folder: Path, reader: str, **port: Any) -> Path:
    path = folder / "gate.toml"
    more = "\n".join(f"{name} = {json.dumps(value)}" for name, value in port.items())
    path.write_text(
        f"""
        [device]
        data = "{folder}"
        central = "http://127.0.0.1:9"
        broker = {{ host = "127.0.0.1", port = 9 }}
        [lane]
        name = "A"
        zones = 1
        gap_s = 0.1
        [reader]
        device = "{reader}"
        [port]
        log = "{folder / "port.jsonl"}"
        {more}
        """
    )
    return path


class Process:
    def __init__(self, folder: Path, running: asyncio.subprocess.Process, line: int) -> None:
        self.folder, self.running, self.line = folder, running, line

    def show(self, code: str) -> None:
        os.write(self.line, code.encode() + b"\r")

    def did(self) -> list[str]:
        told = self.folder / "port.jsonl"
        return [json.loads(line)["what"] for line in told.read_text().splitlines()] if told.exists() else []

    async def scans(self, count: int) -> list[dict[str, Any]]:
        """What it wrote down, once there is that much."""

        def read() -> list[dict[str, Any]]:
            with closing(sqlite3.connect(self.folder / "journal.db")) as db:
                rows = db.execute("SELECT json FROM fact WHERE kind = 'scan' ORDER BY seq").fetchall()
            return [json.loads(text)["body"] for (text,) in rows]

        await until(lambda: len(read()) >= count)
        return read()


@asynccontextmanager
async def process(folder: Path) -> AsyncIterator[Process]:
    line, far = os.openpty()
    tty.setraw(far)
    starts = Process(folder, None, line).did().count("start")  # type: ignore[arg-type]
    told = folder / "said.jsonl"
    with told.open("wb") as out:
        running = await asyncio.create_subprocess_exec(*GATE, configured(folder, os.ttyname(far)), stderr=out)
    found = Process(folder, running, line)
    try:
        await until(lambda: found.did().count("start") > starts)
        await until(lambda: '"state":"ready"' in told.read_text().replace(" ", ""))  # the reader has opened its line
        yield found
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()
        os.close(far)
        os.close(line)


async def test_killed_in_the_middle_of_a_grant_it_never_admits_again(house_today: Any) -> None:
    folder, code = LANES.ready_folder(house_today, "A"), house_today.sold()
    async with process(folder) as first:
        first.show(code)
        await until(lambda: "open" in first.did())
        first.running.send_signal(signal.SIGKILL)
        await first.running.wait()
    async with process(folder) as second:
        second.show(code)
        scans = await second.scans(2)
        assert [(scan["admitted"], scan["reason"]) for scan in scans] == [(True, ""), (False, "used")]
        assert second.did().count("open") == 1
        second.running.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(second.running.wait(), PATIENCE_S) == 0
        assert second.did()[-1] == "stop"


@pytest.mark.parametrize(
    ("port", "says"),
    [
        ({"kind": "gpio", "gpio": 3}, "gpio"),
        ({"kidn": "fake"}, "kidn"),
        ({"log": "/nowhere/at/all"}, ""),
    ],
)
async def test_started_wrong_it_says_so_in_a_sentence(tmp_path: Path, port: dict[str, Any], says: str) -> None:
    path = configured(tmp_path, "/dev/null", **{name: value for name, value in port.items() if name != "log"})
    if "log" in port:
        path.write_text(path.read_text().replace(str(tmp_path / "port.jsonl"), port["log"]))
        says = port["log"]
    running = await asyncio.create_subprocess_exec(*GATE, path, stderr=asyncio.subprocess.PIPE)
    _, said = await asyncio.wait_for(running.communicate(), PATIENCE_S)
    assert running.returncode == 2
    assert says in said.decode()
    assert "Traceback" not in said.decode()
