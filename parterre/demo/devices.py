"""The demo's devices: invited by an operator, started as processes, approved when the key on their side is the one that
central has seen. The same three steps as in any house."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from central.devices.codes import new_code
from parterre.demo.house import House
from parterre.demo.office import Office
from parterre.demo.stage import Stage
from shared.ids import Id
from shared.runtime.config import Failure


@dataclass(frozen=True, slots=True)
class Invited:
    id: Id
    code: str


async def invite(office: Office, house: House, kind: str, code: str, label: str, point: Id | None = None) -> Invited:
    """Opens ten minutes for one device."""
    text = new_code()
    made = office.new_id()
    await office.command(
        "invite_device", id=made, context_id=house.organiser, site_id=house.site, kind=kind, code=code, label=label,
        enrolment_code=text, point_of_sale_id=point,
    )  # fmt: skip
    return Invited(made, text)


async def approve(stage: Stage, office: Office, devices: Mapping[str, Invited], seconds: float = 40) -> None:
    """Waits for each device's request and lets it in, as the operator would who compares the keys."""
    waiting = {device.id: name for name, device in devices.items()}
    until = time.monotonic() + seconds
    while waiting:
        stage.check("enrolment")
        for row in await office.rows("device"):
            if row["id"] in waiting and row["state"] == "pending":
                await office.command("approve_device", device_id=row["id"], kid=row["kid"])
                del waiting[row["id"]]
        if waiting and time.monotonic() > until:
            raise Failure(f"These devices did not ask to be let in: {', '.join(waiting.values())}.", "See their logs.")
        await asyncio.sleep(0.1)


def device_config(data: Any, central: str, broker_port: int, invited: Invited, label: str) -> dict[str, Any]:
    """The part of its configuration that every device has."""
    return {
        "data": data,
        "central": central,
        "code": invited.code,
        "label": label,
        "poll_s": 2.0,
        "broker": {"host": "127.0.0.1", "port": broker_port},
        "log_level": "info",
    }
