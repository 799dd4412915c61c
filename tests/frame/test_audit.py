"""The dependency audit, with pip-audit itself against a vulnerability service of the test's own."""

import importlib.util
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "audit.py"
_SPEC = importlib.util.spec_from_file_location("audit_tool", TOOL)
assert _SPEC and _SPEC.loader
tool = importlib.util.module_from_spec(_SPEC)
sys.modules["audit_tool"] = tool
_SPEC.loader.exec_module(tool)
TODAY = datetime.now(UTC).date()
BAD = {
    "id": "GHSA-test-0001", "aliases": ["CVE-2027-0001"], "summary": "lets anybody in", "schema_version": "1.4.0",
    "modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z",
    "affected": [{"package": {"name": "aiohttp", "ecosystem": "PyPI"},
                  "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.0"}]}]}],
}  # fmt: skip


class Service:
    """Answers as OSV does: nothing known, but for the packages in `bad`."""

    def __init__(self) -> None:
        self.bad: dict[str, Any] = {}
        self.asked: list[str] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                name = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["package"]["name"]
                service.asked.append(name)
                said = {"vulns": [service.bad[name]]} if name in service.bad else {}
                body = json.dumps(said).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1/query"
        threading.Thread(target=self.server.serve_forever, name="osv").start()


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.server.shutdown()
    made.server.server_close()


def audit(*arguments: str | Path) -> tuple[int, str]:
    done = subprocess.run([sys.executable, TOOL, *arguments], capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


def test_the_lock_is_asked_about_whole(service: Service) -> None:
    code, said = audit("--always", "--osv-url", service.url)
    assert code == 0 and "packages checked" in said and "not checked" not in said
    assert {"aiohttp", "cryptography", "jinja2", "kivy", "pytest"} <= set(
        service.asked
    ) and "parterre" not in service.asked


def test_a_known_vulnerability_fails_and_is_named(service: Service) -> None:
    service.bad["aiohttp"] = BAD
    code, said = audit("--always", "--osv-url", service.url)
    assert code == 1 and "CVE-2027-0001, mended by 99.0" in said and "aiohttp 3." in said


@pytest.mark.parametrize(
    "entry, known, fault",
    [
        ({"until": TODAY + timedelta(days=30)}, True, ""),
        ({"until": TODAY}, True, ""),
        ({"until": TODAY - timedelta(days=1)}, True, "was to be looked at again"),
        ({"until": TODAY + timedelta(days=181)}, True, "longer than 180 days"),
        ({"until": TODAY, "package": '"jinja2"'}, False, ""),
        ({"until": TODAY, "why": '""'}, False, "has no why"),
        ({"until": '"for ever"'}, False, "has no date in `until`"),
        ({}, False, "has no until"),
    ],
)
def test_looking_away_needs_a_reason_and_an_end(tmp_path: Path, entry: dict[str, Any], known: bool, fault: str) -> None:
    fields = {"id": '"GHSA-test-0001"', "package": '"aiohttp"', "why": '"not called"'} | entry
    away = tmp_path / "away.toml"
    away.write_text("[[ignored]]\n" + "\n".join(f"{name} = {value}" for name, value in fields.items()))
    ignored, faults = tool.ignored_in(away, TODAY)
    assert (fault in faults[0]) if fault else faults == []
    vulns = [{"id": "CVE-2027-0001", "aliases": ["GHSA-test-0001"], "fix_versions": ["99.0"]}]
    report = {"dependencies": [{"name": "aiohttp", "version": "3.14.5", "vulns": vulns}]}
    want = [] if known else ["aiohttp 3.14.5: CVE-2027-0001, mended by 99.0"]
    assert tool.read(report, ignored).faults == want


def test_without_a_service_it_says_so_and_goes_on(free_port: int) -> None:
    code, said = audit("--always", "--osv-url", f"http://127.0.0.1:{free_port}/v1/query")
    assert code == 0 and said.startswith("not checked: no vulnerability service")


def test_what_we_look_away_from_is_in_order() -> None:
    """Offline too: an entry whose day has come fails the build."""
    assert tool.ignored_in(tool.IGNORED, TODAY)[1] == []
    report = {"dependencies": [{"name": "mirrored", "skip_reason": "Dependency not found on PyPI"}], "fixes": []}
    assert tool.read(report, []) == tool.Found([], ["mirrored"]), "pip-audit itself calls that free of vulnerabilities"
