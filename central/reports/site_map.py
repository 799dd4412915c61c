"""The devices as a map of the site: central above, the site's broker, the devices below, and every line between them as
it is now. A cut line is drawn cut and says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto

from markupsafe import Markup

from central.devices.model import DeviceState
from central.reports.curves import shortened
from central.reports.evening import KnownDevice
from central.web.texts import Texts
from shared.texts import trouble_key
from shared.wire.topics import Presence

_BROKER = "broker"


class Stand(StrEnum):
    """How a device stands, as far as central can know."""

    ONLINE = auto()
    ALONE = auto()  # its broker hears it, central's own answers do not reach it
    TROUBLE = auto()
    OFFLINE = auto()
    BEYOND = auto()  # behind a line that is cut: nobody here knows
    UNHEARD = auto()
    EXPECTED = auto()  # nobody has enrolled it yet, and its code is good
    LAPSED = auto()  # nobody has, and nobody can before it has a new code
    PENDING = auto()


TONE: Mapping[Stand, str] = {
    Stand.ONLINE: "ok", Stand.ALONE: "warn", Stand.TROUBLE: "warn", Stand.OFFLINE: "stop", Stand.BEYOND: "mute",
    Stand.UNHEARD: "mute", Stand.EXPECTED: "mute", Stand.LAPSED: "warn", Stand.PENDING: "warn",
}  # fmt: skip
_TONE_MARK = {
    "ok": '<circle r="5" class="dot"/>',
    "warn": '<path d="M0-6l6.5 11h-13z" class="dot"/>',
    "stop": '<path d="M-4.5-4.5l9 9m0-9l-9 9" class="stroke"/>',
    "mute": '<circle r="4" class="hollow"/>',
}
_ICON = {
    "central": '<path d="M-11-9h22v7h-22zM-11 2h22v7h-22zM-7-5.5h.01M-7 5.5h.01"/>',
    "broker": '<path d="M0 9V1M-5-3a7 7 0 0 1 10 0M-9-7a13 13 0 0 1 18 0M-5 9H5"/>',
    "kiosk": '<path d="M-7-11h14v15h-14zM-3.5 0h7M0 4v6M-5 10H5"/>',
    "gate": '<path d="M-10-10v20M10-10v20M-10-3h8M10-3h-8M-10 3h8M10 3h-8"/>',
    "printer": '<path d="M-6-4v-7H6v7M-6 5h-5v-9h22v9h-5M-6 1H6v9h-12z"/>',
    "bar": '<path d="M-8-9H8L0 1zM0 1v8M-5 9H5"/>',
}


@dataclass(frozen=True, slots=True)
class Node:
    """A device with what it last said of itself."""

    device: KnownDevice
    stand: Stand
    code: str = ""
    unsent: int = 0

    @property
    def tone(self) -> str:
        return TONE[self.stand]


def device_nodes(devices: Sequence[KnownDevice], heard: Mapping[str, Presence]) -> list[Node]:
    """Each device as it stands; those behind a broker that central does not hear are out of reach."""
    brokers = [device.id for device in devices if device.kind == _BROKER and device.id in heard]
    cut = bool(brokers) and not any(heard[broker].online for broker in brokers)
    return [_node(device, heard.get(device.id), cut and device.kind != _BROKER) for device in devices]


def _node(device: KnownDevice, said: Presence | None, beyond: bool) -> Node:
    if device.state is DeviceState.INVITED:
        return Node(device, Stand.LAPSED if device.lapsed else Stand.EXPECTED)
    if device.state is not DeviceState.ACTIVE:
        return Node(device, Stand.PENDING)
    if said is None:
        return Node(device, Stand.UNHEARD)
    detail = said.detail or {}
    unsent = detail.get("unsent", 0)
    unsent = unsent if isinstance(unsent, int) else 0
    if beyond:
        return Node(device, Stand.BEYOND, unsent=unsent)
    if not said.online:
        return Node(device, Stand.OFFLINE, unsent=unsent)
    if said.health != "ok":
        return Node(device, Stand.TROUBLE, said.health, unsent)
    return Node(device, Stand.ALONE if detail.get("central") is False else Stand.ONLINE, unsent=unsent)


def site_map(devices: Sequence[Node], t: Texts, says: str, *, width: int = 480, columns: int = 4) -> Markup:
    """`width` in pixels at which its letters are as tall as the page's; a phone gets a narrower one."""
    brokers = [node for node in devices if node.device.kind == _BROKER]
    others = [node for node in devices if node.device.kind != _BROKER]
    wires: list[Markup] = []
    boxes = [_box(width / 2, 28, "central", t("live:central"), "ok", t.value("stand", Stand.ONLINE))]
    bus_y, below = 92.0, "ok"
    if brokers:
        broker = brokers[0]
        wires.append(_line(width / 2, 54, width / 2, 110, broker.tone, t))
        boxes.append(_box(width / 2, 136, _BROKER, broker.device.label, broker.tone, state_text(broker, t)))
        wires.append(_wire(width / 2, 162, width / 2, 180, below := "mute" if broker.tone == "stop" else "ok"))
        bus_y = 180.0
    elif others:
        wires.append(_line(width / 2, 54, width / 2, bus_y, _worst(others), t))
    across = max(
        1, min(columns, -(-len(others) // -(-len(others) // columns)) if others else 1)
    )  # rows as even as can be
    for at, node in enumerate(others):
        row, column = divmod(at, across)
        in_row = min(across, len(others) - row * across)
        wide = width / in_row
        x, y = wide * (column + 0.5), bus_y + 20 + row * 122
        if row == 0:
            wires += [_line(x, bus_y, x, y, node.tone, t, short=True), _wire(width / 2, bus_y, x, bus_y, below)]
        unsent = t("live:unsent", n=node.unsent) if node.unsent else ""
        boxes.append(_card(x, y, min(wide - 8, 150), node, state_text(node, t), unsent))
    bottom = bus_y + 20 + (-(-len(others) // across)) * 122 - 22
    kind = "wide" if width > 400 else "narrow"
    return Markup('<svg class="site {}" viewBox="0 0 {} {:g}" role="img" aria-label="{}">{}{}</svg>').format(
        kind, width, bottom, says, Markup("").join(wires), Markup("").join(boxes)
    )


def state_text(node: Node, t: Texts) -> str:
    return t("value:stand.trouble", code=node.code) if node.stand is Stand.TROUBLE else t.value("stand", node.stand)


def trouble_text(node: Node, t: Texts) -> tuple[str, str]:
    """What is wrong with it and what to do, in the reader's language; empty if nothing is, or its code is unknown."""
    keys = [f"{area}:{trouble_key(node.code)}" for area in ("troubles", "kiosk")]
    what, step = (t.known(*(f"{key}.{part}" for key in keys)) for part in ("what", "step"))
    return what or "", step or ""


def _worst(devices: Sequence[Node]) -> str:
    """No broker tells of the line itself: it is cut when nobody behind it is heard."""
    tones = {node.tone for node in devices}
    return "ok" if "ok" in tones or "warn" in tones else "stop" if "stop" in tones else "mute"


def _icon(kind: str) -> Markup:
    return Markup('<g class="icon">{}</g>').format(Markup(_ICON.get(kind, _ICON["central"])))  # noqa: S704 - our own


def _tone_mark(tone: str) -> Markup:
    return Markup(_TONE_MARK[tone])  # noqa: S704 - our own


def _box(x: float, y: float, kind: str, label: str, tone: str, state: str) -> Markup:
    """A wide, flat box: central or the broker."""
    return Markup(
        '<g transform="translate({:g} {:g})" class="node {}"><rect x="-100" y="-26" width="200" height="52" rx="12" '
        'class="box"/><g transform="translate(-74 0)">{}</g><text x="-48" y="-4" class="label">{}</text>'
        '<g transform="translate(-42 13)">{}</g><text x="-30" y="17.5" class="state">{}</text></g>'
    ).format(x, y, tone, _icon(kind), shortened(label, 18), _tone_mark(tone), shortened(state, 20))


def _card(x: float, y: float, wide: float, node: Node, state: str, unsent: str) -> Markup:
    return Markup(
        '<g transform="translate({:g} {:g})" class="node {}"><rect x="{:g}" y="0" width="{:g}" height="98" rx="12" '
        'class="box"/><g transform="translate(0 22)">{}</g><text y="54" class="label" text-anchor="middle">{}</text>'
        '<text y="73" class="state" text-anchor="middle">{}</text>'
        '<g transform="translate({:g} 17)">{}</g><text y="90" class="unsent" text-anchor="middle">{}</text></g>'
    ).format(
        x, y, node.tone, -wide / 2, wide, _icon(node.device.kind), shortened(node.device.label, int(wide // 8)),
        shortened(state, int(wide // 6.4)), wide / 2 - 16, _tone_mark(node.tone), unsent,
    )  # fmt: skip


def _wire(x1: float, y1: float, x2: float, y2: float, tone: str = "ok") -> Markup:
    return Markup('<line x1="{:g}" y1="{:g}" x2="{:g}" y2="{:g}" class="wire {}"/>').format(x1, y1, x2, y2, tone)


def _line(x1: float, y1: float, x2: float, y2: float, tone: str, t: Texts, *, short: bool = False) -> Markup:
    """A line from above to below; cut, it is two ends, a cross and, where there is room, the word."""
    if tone != "stop":
        return _wire(x1, y1, x2, y2, tone)
    half, gap = (y1 + y2) / 2, 5 if short else 11
    ends = Markup('<path d="M{:g} {:g}V{:g}M{:g} {:g}V{:g}" class="wire stop"/>').format(
        x1, y1, half - gap, x2, half + gap, y2
    )
    if short:
        return ends
    cross = Markup(
        '<g transform="translate({:g} {:g})" class="node stop"><path d="M-7-7l14 14m0-14l-14 14" class="stroke big"/>'
        '<text x="20" y="5" class="cut">{}</text></g>'
    ).format(x1, half, t("live:cut"))
    return ends + cross
