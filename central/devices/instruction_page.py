"""What somebody tells a gate to do, in words: let the one at the reader in, or look at tickets without using them up.

GET POST /admin/device/{id}/instruction
"""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from central.devices.instructions import CommandDevice
from central.devices.model import Device, DevicesPrivilege
from central.kernel.entity import BY_NAME
from central.kernel.registry import goes
from central.kernel.tx import Read
from central.web.area import DOOR
from central.web.form import form_of, line
from central.web.frame import FRAME
from central.web.screens.listing import one
from central.web.screens.refusals import words_of
from central.web.screens.screen import Screen, screen_of
from shared.ids import is_id
from shared.outcome import Refused
from shared.runtime.system import SystemClock, fresh_id
from shared.wire.certificates import DeviceKind

HREF = "/admin/device/{id}/instruction"
MOST_WHY = 200
_CLOCK = SystemClock()


def instruction_pages(app: web.Application) -> None:
    frame = app[FRAME]
    frame.templates("central.devices")
    needs = DevicesPrivilege.DEVICE_MODIFY
    frame.page_for("device", "Donner une instruction", HREF, needs, ("command_device",), when=takes_instructions)
    here = r"/admin/device/{id:[0-9A-Z]{26}}/instruction"
    app.router.add_get(here, show)
    app.router.add_post(here, instruct)


def takes_instructions(device: Device) -> bool:
    return device.kind is DeviceKind.GATE and goes(CommandDevice, device.state)


def body_of(name: str, form: Mapping[str, Any]) -> dict[str, Any] | None:
    """What an instruction of this name carries; None: it is none, or lacks its reason."""
    match name:
        case "force_entry":
            why = line(form, "why")[:MOST_WHY]
            return {"why": why} if why else None
        case "proof_seen":
            return {}
        case "helpdesk":
            return {"on": form.get("on") == "1"}
    return None


async def _there(request: web.Request) -> tuple[Screen, Device | None]:
    screen, wanted = await screen_of(request), request.match_info["id"]

    def look(read: Read) -> Device | None:
        device: Device | None = one(screen.door, read, BY_NAME["device"], wanted) if is_id(wanted) else None
        path = screen.door.permissions.path(read, device.context_id) if device else ()
        return device if device and read.actor.may(DevicesPrivilege.DEVICE_MODIFY, path) else None

    return screen, await screen.read(look)


async def show(request: web.Request) -> web.Response:
    screen, device = await _there(request)
    if device is None or not takes_instructions(device):
        return await screen.lost()
    return await _page(screen, device)


async def instruct(request: web.Request) -> web.Response:
    screen, device = await _there(request)
    if device is None or not takes_instructions(device):
        return await screen.lost()
    form = await form_of(request)
    name = line(form, "instruction")
    body = body_of(name, form)
    if body is None:
        return await _page(screen, device, missing=True)
    command_id = fresh_id(_CLOCK)
    command = CommandDevice(device_id=device.id, name=name, body=body)
    outcome = (await request.app[DOOR].execute(screen.me.actor, command, command_id)).outcome
    if isinstance(outcome, Refused):
        why = await screen.read(lambda read: words_of(read, screen.t, outcome))
        return await _page(screen, device, refused=why)
    raise web.HTTPSeeOther(f"/admin/e/device/{device.id}?done={command_id}")


async def _page(screen: Screen, device: Device, *, missing: bool = False, refused: str = "") -> web.Response:
    label = device.label or device.code
    return await screen.page(
        "device_instruction.html", status=422 if missing or refused else 200, title=screen.t("Donner une instruction"),
        device=device, label=label, missing=missing, refused=refused, at=device.context_id, here="device",
        most=MOST_WHY,
    )  # fmt: skip
