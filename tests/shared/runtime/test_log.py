"""Logs are JSON lines, and no secret is among them."""

import json
import subprocess
import sys

import pytest

from shared.runtime.log import BLANK, redact

PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("event", "want"),
    [
        ({"code": "1234"}, {"code": BLANK}),
        ({"one_time_code": "1234", "status_code": 4}, {"one_time_code": BLANK, "status_code": 4}),
        ({"api_key": "x", "monkey": "y", "keys": 3}, {"api_key": BLANK, "monkey": "y", "keys": 3}),
        ({"deep": {"Password": "x", "name": "n"}}, {"deep": {"Password": BLANK, "name": "n"}}),
        ({"list": [{"token": "x"}, "a"]}, {"list": [{"token": BLANK}, "a"]}),
        ({"event": f"made {PEM} here"}, {"event": f"made {BLANK} here"}),
        ({"signature": "abc", "incident": "P-12"}, {"signature": BLANK, "incident": "P-12"}),
    ],
)
def test_secrets_are_blanked(event, want) -> None:
    assert redact(None, "", event) == want


SCRIPT = f"""
import logging
from shared.runtime.log import logger, setup
setup("gate", "info")
log = logger("edge.gate")
log.debug("not said")
log.info("scan", lane="north", token="SECRET1", at=object)
logging.getLogger("some_module").warning("careful %s", "now")
logging.getLogger("some_module").info("not said")
logging.getLogger("amqtt.broker").error("not said")
try:
    raise ValueError({PEM!r})
except ValueError:
    log.exception("fell")
"""


def test_a_process_writes_one_json_object_a_line() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["event"], line["level"], line["process"]) for line in lines] == [
        ("scan", "info", "gate"),
        ("careful now", "warning", "gate"),
        ("fell", "error", "gate"),
    ]
    assert lines[0]["lane"] == "north"
    assert "timestamp" in lines[0]
    assert "Traceback" in lines[2]["exception"]
    assert "SECRET1" not in done.stderr
    assert "MC4CAQ" not in done.stderr


QUOTING = """
import logging, warnings
from shared.runtime.log import setup
setup("central", "info")
for _ in range(100):
    logging.getLogger("aiohttp.server").warning("bad header: %s", "QUOTED" * 10_000)
warnings.warn("QUOTED" * 10_000)
logging.getLogger("aiohttp.server").error("broke")
"""


def test_of_a_warning_that_quotes_a_caller_only_that_there_was_one() -> None:
    done = subprocess.run([sys.executable, "-c", QUOTING], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(each["event"], each.get("why"), each["level"]) for each in lines] == [
        ("a library warns", "aiohttp.server", "warning"),
        ("a library warns", "py.warnings", "warning"),
        ("broke", None, "error"),
    ]
    assert "QUOTED" not in done.stderr
