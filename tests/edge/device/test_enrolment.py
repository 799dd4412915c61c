"""Enrolment by code and approval; an identity is whole or not there."""

import asyncio

import pytest

from edge.device.enrolment import REFUSALS, ensure_enrolled
from edge.device.identity import device_key, keep_central, read_identity, read_pending
from shared.ids import derived_id
from shared.runtime.central import HttpCentral
from shared.runtime.config import Failure
from shared.runtime.login import admitted, read_login
from shared.runtime.system import SystemClock
from shared.wire.certificates import DeviceKind, EnrolmentState
from shared.wire.refusals import DeviceRefusal
from shared.wire.seal import kid_of
from tests.waiting import PATIENCE_S, until

CLOCK = SystemClock()
HOUSE_ID = derived_id("institution")


@pytest.fixture
async def line(central):
    async with HttpCentral(central.url, CLOCK, timeout_s=2.0) as made:
        yield made


@pytest.fixture
def enrol(tmp_path, line):
    async def run(code="", kind=DeviceKind.GATE, **more):
        return await ensure_enrolled(
            tmp_path / "data", kind, line, CLOCK, code=code, label="north", poll_s=0.02, **more
        )

    return run


def approve(house, central, tmp_path, kind=DeviceKind.GATE, **more):
    key = device_key(tmp_path / "data")
    device_id = derived_id("enrolled", kid_of(key.public_key()))
    certificate = house.certificate(more.pop("key", key), more.pop("holder", device_id), kind)
    central.approve(device_id, certificate, HOUSE_ID, **more)
    return device_id


async def test_code_request_approval(house, central, tmp_path, enrol) -> None:
    central.codes["1234"] = ""
    central.settings = {"gate": "north"}
    said: list[str] = []
    task = asyncio.create_task(enrol("1234", say=said.append))
    await until(lambda: any("Waiting for an operator" in line for line in said))
    device_id = approve(house, central, tmp_path)
    identity = await asyncio.wait_for(task, PATIENCE_S)
    assert (identity.device_id, identity.site_id, identity.institution_id) == (device_id, house.site, HOUSE_ID)
    assert identity.settings == {"gate": "north"}
    assert identity.stored.central_certificates == (central.certificate.pem,)
    data = tmp_path / "data"
    assert (data / "key.pem").stat().st_mode & 0o777 == 0o600
    assert read_pending(data) is None
    asked = len(central.requests)
    again = await enrol()
    assert (again.device_id, again.stored, len(central.requests)) == (device_id, identity.stored, asked)
    assert admitted(identity.login.username, identity.login.password, house.root_pem) == identity.certificate
    assert read_login(data)[0] == identity.login
    assert identity.tls() is not None
    sent = b"".join(body for _, body in central.requests)
    assert b"PRIVATE" not in sent, "the key stays here"


async def test_a_restart_goes_on_with_the_same_request(house, central, tmp_path, enrol) -> None:
    central.codes["1234"] = ""
    task = asyncio.create_task(enrol("1234"))
    await until(lambda: read_pending(tmp_path / "data") is not None)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    device_id = approve(house, central, tmp_path)
    assert (await enrol()).device_id == device_id, "the code is not needed twice"


async def test_no_line_is_waited_out(house, central, tmp_path, enrol) -> None:
    central.codes["1234"] = ""
    said: list[str] = []
    port = central.port
    await central.__aexit__()
    task = asyncio.create_task(enrol("1234", say=said.append))
    await until(lambda: any("cannot be reached" in line for line in said))
    central.port = port
    await central.__aenter__()
    await until(lambda: read_pending(tmp_path / "data") is not None)
    approve(house, central, tmp_path)
    assert (await asyncio.wait_for(task, PATIENCE_S)).certificate.kind is DeviceKind.GATE


@pytest.mark.parametrize("reason", sorted({*REFUSALS} - {DeviceRefusal.NO_SUCH_DEVICE}, key=str))
async def test_refusals_name_the_next_step(central, tmp_path, enrol, reason) -> None:
    central.codes["9"] = reason
    with pytest.raises(Failure) as caught:
        await enrol("9")
    assert (caught.value.sentence, caught.value.step) == REFUSALS[reason]
    assert caught.value.step
    assert read_identity(tmp_path / "data") is None


async def test_no_code_no_enrolment(enrol) -> None:
    with pytest.raises(Failure, match="not enrolled"):
        await enrol()


async def test_an_operator_may_refuse_and_a_new_code_starts_anew(house, central, tmp_path, enrol) -> None:
    central.codes |= {"1": "", "2": ""}
    device_id = derived_id("enrolled", kid_of(device_key(tmp_path / "data").public_key()))
    task = asyncio.create_task(enrol("1"))
    await until(lambda: device_id in central.standing)
    central.standing[device_id] = {"state": EnrolmentState.REFUSED}
    with pytest.raises(Failure, match="operator refused"):
        await asyncio.wait_for(task, PATIENCE_S)
    task = asyncio.create_task(enrol("2"))
    await until(lambda: central.standing[device_id]["state"] is EnrolmentState.PENDING)
    approve(house, central, tmp_path)
    assert (await asyncio.wait_for(task, PATIENCE_S)).device_id == device_id


async def test_what_central_sends_must_fit(house, central, tmp_path, enrol, fakes) -> None:
    cases = [
        ({"kind": DeviceKind.KIOSK}, "made for a kiosk"),
        ({"key": fakes.fresh_key()}, "not for this device"),
        ({"holder": derived_id("somebody")}, "not for this device"),
        ({"root_pem": type(house)().root_pem}, "another root"),
    ]
    for number, (more, match) in enumerate(cases):
        central.codes[str(number)] = ""
        task = asyncio.create_task(enrol(str(number)))
        await until(lambda: read_pending(tmp_path / "data") is not None)
        approve(house, central, tmp_path, **more)
        with pytest.raises(Failure, match=match):
            await asyncio.wait_for(task, PATIENCE_S)
        assert read_identity(tmp_path / "data") is None
        assert read_pending(tmp_path / "data") is None, "the next code is not wasted on this request"


async def test_faults_of_the_identity_on_disk(house, central, tmp_path, enrol, fakes) -> None:
    central.codes["1"] = ""
    device_key(tmp_path / "data")
    approve_later = asyncio.create_task(enrol("1"))
    await until(lambda: read_pending(tmp_path / "data") is not None)
    approve(house, central, tmp_path)
    identity = await asyncio.wait_for(approve_later, PATIENCE_S)
    data = tmp_path / "data"
    with pytest.raises(Failure, match="that of a gate, not of a kiosk"):
        await enrol(kind=DeviceKind.KIOSK)
    newer = keep_central(identity, ("pem",), {"a": 1})
    assert (newer.settings, read_identity(data).stored.central_certificates) == ({"a": 1}, ("pem",))
    (data / "key.pem").chmod(0o644)
    with pytest.raises(Failure, match="Others may read"):
        await enrol()
    (data / "key.pem").unlink()
    with pytest.raises(Failure, match="do not belong together"):
        await enrol()
    (data / "key.pem").write_bytes(b"rubbish")
    (data / "key.pem").chmod(0o600)
    with pytest.raises(Failure, match="is damaged"):
        await enrol()
    (data / "identity.json").write_text("{")
    with pytest.raises(Failure, match="cannot be read"):
        await enrol()
