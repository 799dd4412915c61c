"""A device's enrolment whose answer never came, at a real central: the code is spent there, and serves the device that
spent it all the same, and no other."""

import asyncio
import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from central.devices.enrolment import ApproveDevice, InviteDevice
from central.kernel.actor import SYSTEM
from central.web.settings import HttpConfig
from edge.device import enrolment, identity
from edge.device.identity import ASKED_FILE, Identity, device_key, read_pending
from shared.runtime.central import HttpCentral, Unreachable
from shared.runtime.config import Failure
from shared.runtime.system import SystemClock
from shared.wire.certificates import DeviceKind
from shared.wire.seal import kid_of
from tests.central.small_house import new_id
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.behind_the_door  # the fixture signs somebody in
CLOCK, CODE = SystemClock(), "ABCD-EFGH"
Serve = Callable[[HttpConfig], Any]


class Loses(HttpCentral):
    """The line is cut after central did it."""

    lost = 0

    async def command(self, name: str, command_id: Any, body: bytes) -> bytes:
        answer = await super().command(name, command_id, body)
        if self.lost < 2:
            self.lost += 1
            raise Unreachable("no answer in time")
        return answer


async def _enrolled(served: Any, folder: Path, line: HttpCentral, device: Any) -> Identity:
    task = asyncio.create_task(
        enrolment.ensure_enrolled(folder, DeviceKind.GATE, line, CLOCK, code=CODE, label="north", poll_s=0.02)
    )
    await until(lambda: read_pending(folder) is not None or task.done())
    if not task.done():
        approval = ApproveDevice(device_id=device, kid=kid_of(device_key(folder).public_key()))
        assert (await served.door.execute(SYSTEM, approval, new_id())).ok
    return await asyncio.wait_for(task, PATIENCE_S)


async def _invited(served: Any) -> Any:
    house, device = served.house, new_id()
    invitation = InviteDevice(
        id=device, context_id=house.organiser, site_id=house.site, kind=DeviceKind.GATE, code="GX", label="Gate",
        enrolment_code=CODE,
    )  # fmt: skip
    assert (await served.door.execute(SYSTEM, invitation, new_id())).ok
    return device


async def test_an_answer_that_was_lost_is_given_again(serve: Serve, tmp_path: Path) -> None:
    """Before: asked under another id, central knew no such code any more, and a new one needed a new device."""
    async with serve(HttpConfig()) as served:
        device = await _invited(served)
        async with Loses(served.url, CLOCK, timeout_s=3, code=CODE) as line:
            assert (await _enrolled(served, tmp_path / "d", line, device)).device_id == device
        assert not (tmp_path / "d" / ASKED_FILE).exists()


@pytest.mark.parametrize(("code", "label"), [(CODE, "north"), ("abcd-efgh", "north"), (" ABCD-EFGH ", ""), (CODE, "x")])
async def test_however_the_code_and_the_label_are_written_after_a_restart(
    serve: Serve, tmp_path: Path, code: str, label: str
) -> None:
    async with serve(HttpConfig()) as served:
        device = await _invited(served)
        async with Loses(served.url, CLOCK, timeout_s=3, code=CODE) as line:
            first = asyncio.create_task(
                enrolment.ensure_enrolled(tmp_path, DeviceKind.GATE, line, CLOCK, code=CODE, label="north", poll_s=60)
            )
            await until(lambda: line.lost > 0)
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
        async with HttpCentral(served.url, CLOCK, timeout_s=3, code=CODE) as line:
            again = asyncio.create_task(
                enrolment.ensure_enrolled(tmp_path, DeviceKind.GATE, line, CLOCK, code=code, label=label, poll_s=0.02)
            )
            await until(lambda: read_pending(tmp_path) is not None or again.done())
            approval = ApproveDevice(device_id=device, kid=kid_of(device_key(tmp_path).public_key()))
            assert (await served.door.execute(SYSTEM, approval, new_id())).ok
            assert (await asyncio.wait_for(again, PATIENCE_S)).device_id == device


@pytest.mark.parametrize("file", ["pending.json", "certificate.pem", "identity.json"])
async def test_a_full_disk_costs_no_code(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    """Whatever cannot be kept is a sentence with a next step, and what it says is enough."""
    written = identity.write_whole

    def full(path: Path, data: bytes, mode: int) -> None:
        if path.name == file:
            raise OSError(errno.ENOSPC, "No space left on device")
        written(path, data, mode)

    async with serve(HttpConfig()) as served:
        device = await _invited(served)
        async with HttpCentral(served.url, CLOCK, timeout_s=3, code=CODE) as line:
            monkeypatch.setattr(identity, "write_whole", full)
            with pytest.raises(Failure, match="cannot keep its enrolment") as said:
                await _enrolled(served, tmp_path / "d", line, device)
            assert "same code" in said.value.step and "No space left" in said.value.sentence
            monkeypatch.setattr(identity, "write_whole", written)
            if file == "pending.json":
                assert (await _enrolled(served, tmp_path / "d", line, device)).device_id == device
            else:
                again = enrolment.ensure_enrolled(tmp_path / "d", DeviceKind.GATE, line, CLOCK, code=CODE, poll_s=0.02)
                assert (await asyncio.wait_for(again, PATIENCE_S)).device_id == device


async def test_a_code_that_is_spent_serves_nobody_else(serve: Serve, tmp_path: Path) -> None:
    async with serve(HttpConfig()) as served:
        device = await _invited(served)
        async with HttpCentral(served.url, CLOCK, timeout_s=3, code=CODE) as line:
            await _enrolled(served, tmp_path / "d", line, device)
            with pytest.raises(Failure, match="does not know this code"):
                await _enrolled(served, tmp_path / "other", line, device)
            assert not (tmp_path / "other" / ASKED_FILE).exists(), "the next code is asked for under another id"
