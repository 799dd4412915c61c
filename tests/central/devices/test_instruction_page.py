"""A gate is told what to do in words: no code word and no free content; only who may, and only what takes orders."""

from typing import Any

import pytest

from central.devices.instruction_page import body_of, takes_instructions
from central.devices.model import Device, DeviceState
from shared.wire.certificates import DeviceKind


@pytest.mark.parametrize(
    ("name", "form", "body"),
    [
        ("force_entry", {"why": "  billet  illisible "}, {"why": "billet illisible"}),
        ("force_entry", {"why": " "}, None),
        ("force_entry", {}, None),
        ("force_entry", {"why": "x" * 300}, {"why": "x" * 200}),
        ("proof_seen", {"why": "x"}, {}),
        ("helpdesk", {"on": "1"}, {"on": True}),
        ("helpdesk", {"on": "0"}, {"on": False}),
        ("open", {}, None),
        ("", {}, None),
    ],
)
def test_an_order_says_what_its_gate_needs(name: str, form: dict[str, Any], body: dict[str, Any] | None) -> None:
    assert body_of(name, form) == body


@pytest.mark.parametrize("kind", DeviceKind)
@pytest.mark.parametrize("state", DeviceState)
def test_only_a_gate_at_work_takes_instructions(kind: DeviceKind, state: DeviceState) -> None:
    fields = dict.fromkeys(Device.__dataclass_fields__) | {"kind": kind, "state": state}
    made: Any = Device(**fields)
    assert takes_instructions(made) == (kind is DeviceKind.GATE and state is DeviceState.ACTIVE)
