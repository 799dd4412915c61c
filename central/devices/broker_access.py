"""Who may be on central's broker now: active devices, with the key that they were approved with; and central itself."""

from collections.abc import Collection
from functools import partial

from central.devices.model import DeviceState
from central.kernel.actor import SYSTEM
from central.kernel.db import in_list
from central.kernel.door import Door
from central.kernel.tx import Read
from shared.runtime.broker import Standing
from shared.wire.certificates import Certificate, DeviceKind

AT_ONCE = 500


def broker_standing(door: Door) -> Standing:
    async def stand(asked: Collection[Certificate]) -> Collection[str]:
        found = {each.kid for each in asked if each.kind is DeviceKind.CENTRAL and each.kid == door.keys.signer.kid}
        devices = [(each.holder_id, each.kid) for each in asked if each.kind is not DeviceKind.CENTRAL]
        for n in range(0, len(devices), AT_ONCE):
            part = devices[n : n + AT_ONCE]
            active: set[tuple[str, str]] = await door.read(SYSTEM, partial(_active, asked=part))
            found |= {kid for holder_id, kid in part if (holder_id, kid) in active}
        return found

    return stand


def _active(read: Read, asked: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    wanted, params = in_list("d", [holder_id for holder_id, _ in asked])
    sql = f"SELECT id, kid FROM device WHERE state = '{DeviceState.ACTIVE}' AND id IN {wanted}"  # noqa: S608 - names of parameters
    return {(str(device_id), str(kid)) for device_id, kid in read.run(sql, **params)}
