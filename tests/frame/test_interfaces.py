"""The examples of docs/interfaces.md do what the document says: run as they stand, against a real central."""

import asyncio
import os
import re
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from central.organisation.webhook_delivery import WAITS, headers_of
from central.organisation.webhooks import secret_bytes
from shared.runtime.system import SystemClock
from tests.evening_house import evening_house

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "interfaces.md").read_text()
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def block(language: str, holding: str) -> str:
    """The one block of this language with this in it."""
    found = [
        text for text in re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL) if holding in text
    ]
    assert len(found) == 1, holding
    return str(found[0])


@pytest.mark.e2e
async def test_the_shells_lines_run_as_they_stand(tmp_path: Path) -> None:
    """Twice the same command, one contingent; a third with the same code is told who has it."""
    script = block("sh", "create_contingent")
    folder = tmp_path / "demo"
    folder.mkdir()
    async with evening_house(tmp_path) as evening:
        house = evening.house
        (folder / "central.ready").write_text(f"{evening.central.url}\n1883\n")
        (folder / "found.log").write_text(
            f"institution {house.institution}\noperator {evening.operator}\nkey {evening.key}\n"
        )
        script = script.replace("FOLDER=…", f"FOLDER={folder}").replace(".venv/bin/python", sys.executable)
        done = await asyncio.create_subprocess_exec(
            "bash",
            "-euc",
            script,
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        said: list[Any] = [orjson.loads(line) for line in (await done.communicate())[0].splitlines() if line.strip()]
        rows, checks, first, again, third = said
        assert len(rows["value"]) == 2 and "next" in rows and checks["value"]
        assert first == again and (await evening.office.rows("contingent", id=first["value"]))[0]["code"] == "PRESS"
        assert third["reason"] == "no_change.code_taken" and third["detail"]["by"] == first["value"]


def test_a_receiver_knows_what_is_genuine() -> None:
    names: dict[str, Any] = {}
    exec(block("python", "def genuine"), names)
    body = '{"type": "site.changed"}'
    key = secret_bytes(SECRET)
    assert key
    headers = headers_of("01ARZ3NDEKTSV4RRFFQ69G5FAV", SystemClock().read().wall, body, [b"another", key])
    genuine = names["genuine"]
    assert genuine(SECRET, headers, body.encode())
    assert not genuine(SECRET, headers, body.encode() + b" ")
    assert not genuine(SECRET, headers | {"webhook-id": "other"}, body.encode())
    assert not genuine("whsec_" + "A" * 32, headers, body.encode())
    assert not genuine(
        SECRET, headers_of("x", SystemClock().read().wall.replace(year=2020), body, [key]), body.encode()
    )


def test_the_patience_that_is_written_down() -> None:
    units = {"s": 1, "min": 60, "h": 3600}
    (line,) = re.findall(r"tried again after (.*?)\n?\(up to", TEXT, re.DOTALL)
    written = [int(number) * units[unit] for number, unit in re.findall(r"(\d+) (s|min|h)", line)]
    assert written == [wait.total_seconds() for wait in WAITS]
