"""What the administration's screens say about devices that no declaration can: what a lease written off exposes, and
that one did something."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web
from pydantic import TypeAdapter

from central.devices.lease_exposure import Exposure
from central.devices.model import Device
from central.kernel.entity import ENTITIES
from central.kernel.tx import Read
from central.web.actor_words import ActorWords
from central.web.frame import FRAME
from central.web.screens.names import house_zone
from central.web.texts import Texts

_EXPOSURE = TypeAdapter(Exposure)  # the door answers as it would over the wire


def device_pages(app: web.Application) -> None:
    app[FRAME].answer_of("write_off_lease", _exposure)


def _exposure(read: Read, t: Texts, _: Mapping[str, Any], answer: Any) -> list[tuple[str, str]]:
    exposure = _EXPOSURE.validate_python(answer)
    heard = t.moment(exposure.heard, house_zone(read), "short") if exposure.heard else t("jamais")
    return [
        (t("Peut-être déjà vendues sans que nous le sachions"), t.n("{n} place", "{n} places", exposure.places)),
        (t("Au plus"), t.money(exposure.amount, exposure.currency)),
        (t("Dernières nouvelles de l’appareil"), heard),
    ]


def _acted(_: Read, t: Texts, ids: Sequence[str]) -> Mapping[str, str]:
    return dict.fromkeys(ids, t("appareil"))


DEVICES = ActorWords(ENTITIES[Device].name, _acted)
