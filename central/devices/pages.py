"""What the administration's screens say about devices that no declaration can: the code with which one is awaited, what
a lease written off exposes, and that one did something."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web
from pydantic import TypeAdapter

from central.devices.codes import code_lives, shown_code
from central.devices.enrolment import RenewCode
from central.devices.lease_exposure import Exposure
from central.devices.model import Device, DevicesPrivilege
from central.kernel.contexts import path_of
from central.kernel.entity import ENTITIES
from central.kernel.registry import goes
from central.kernel.tx import Read
from central.web.actor_words import ActorWords
from central.web.frame import FRAME
from central.web.screens.names import house_timezone
from central.web.texts import Texts

_EXPOSURE = TypeAdapter(Exposure)  # the door answers as it would over the wire


def device_pages(app: web.Application) -> None:
    app[FRAME].answer_of("write_off_lease", _exposure)
    app[FRAME].instead.add("renew_code")  # the code's part offers it
    app[FRAME].part_of("device", "device_code.html", _code)


def _exposure(read: Read, t: Texts, _: Mapping[str, Any], answer: Any) -> list[tuple[str, str]]:
    exposure = _EXPOSURE.validate_python(answer)
    heard = t.moment(exposure.heard, house_timezone(read), "short") if exposure.heard else t("jamais")
    return [
        (t("Peut-être déjà vendues sans que nous le sachions"), t.n("{n} place", "{n} places", exposure.places)),
        (t("Au plus"), t.money(exposure.amount, exposure.currency)),
        (t("Dernières nouvelles de l’appareil"), heard),
    ]


def _code(read: Read, t: Texts, device: Device) -> Mapping[str, Any] | None:
    """The code that enrols it, for whoever may make it another one; of one that is over, that it is."""
    if not goes(RenewCode, device.state) or device.code_until is None:
        return None
    may = read.actor.may(DevicesPrivilege.DEVICE_MODIFY, path_of(read, device.context_id))
    return {
        "code": shown_code(read.keys, device, read.now) if may else None,
        "lives": code_lives(device.code_until, read.now),
        "until": t.moment(device.code_until, house_timezone(read), "short"),
        "renew": f"/admin/do/renew_code?on={device.id}" if may else "",
        "says": ("code_until",),
    }


def _acted(_: Read, t: Texts, ids: Sequence[str]) -> Mapping[str, str]:
    return dict.fromkeys(ids, t("appareil"))


DEVICES = ActorWords(ENTITIES[Device].name, _acted)
