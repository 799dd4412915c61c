"""Instructions to devices: signed, expiring, recorded. The outbox carries them, so what was decided is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from aiohttp import web

from central.devices.model import Device, DevicesPrivilege, DeviceState, NoDevice
from central.kernel.entity import Between, Look, Ref
from central.kernel.outbox import Act
from central.kernel.registry import goes, handles
from central.kernel.tx import Tx
from central.web.area import BUS
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused
from shared.wire import topics
from shared.wire.bounds import WORD_CHARACTERS, Json
from shared.wire.codec import dump
from shared.wire.seal import seal
from shared.wire.topics import INSTRUCTION_BYTES, Instruction

PHYSICAL = frozenset({"open", "cut", "pay_out", "force_entry", "proof_seen"})
PHYSICAL_LIVES = timedelta(seconds=10)  # what moves anything never runs late
OTHERS_LIVE = timedelta(minutes=10)
OUTBOX_KIND = "device_command"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandDevice:
    """Tells a device to do something that its role knows (a lane: `force_entry`, `proof_seen`, `helpdesk`)."""

    device_id: Annotated[Id, Ref("device")]
    name: Annotated[str, Look.NAME, Between(most=WORD_CHARACTERS)]
    body: Annotated[dict[str, Any], Json(INSTRUCTION_BYTES)]


@handles(
    CommandDevice,
    only=(DeviceState.ACTIVE,),
    needs=DevicesPrivilege.DEVICE_MODIFY,
    refuses=(NoDevice,),
)
def command_device(tx: Tx, want: CommandDevice) -> Outcome[Id]:
    device = tx.get(Device, want.device_id)
    if device is None or not goes(CommandDevice, device.state):
        return Refused(NoDevice.NO_SUCH_DEVICE, fix="device_id")
    lives = PHYSICAL_LIVES if want.name in PHYSICAL else OTHERS_LIVE
    instruction = Instruction(tx.command_id, device.id, want.name, want.body, tx.now, tx.now + lives)
    sealed = seal(dump(instruction), tx.keys.signer)
    tx.tell(OUTBOX_KIND, {"site": device.site_id, "device": device.id, "sealed": sealed})
    return Ok(tx.command_id)


def sending(app: web.Application) -> Act:
    async def send(_: Id, said: Mapping[str, Any]) -> bool:
        return await app[BUS].publish(topics.command(said["site"], said["device"]), dump(said["sealed"]))

    return send
