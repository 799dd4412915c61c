"""What central takes as an instruction, its device takes too: one bound on both sides."""

from typing import Any

import pytest

from central.devices.instructions import OUTBOX_KIND, CommandDevice
from central.kernel.bounds import beyond
from central.kernel.registry import COMMANDS
from shared.wire.bounds import WORD_CHARACTERS
from shared.wire.certificates import DeviceKind
from shared.wire.codec import dump, load
from shared.wire.seal import Sealed
from shared.wire.topics import INSTRUCTION_BYTES, MEASURES, Instruction, Kind
from tests.central.devices.test_facts import enrol
from tests.central.kernel.heaviest import Maker
from tests.central.small_house import Clerk, House, new_id

FILLED = {"plain": "x", "quotes": '"', "backslashes": "\\", "umlauts": "é", "signs": "😀"}


def body(sign: str, most: int) -> dict[str, Any]:
    """As many of them as most bytes of JSON hold."""
    each = len(dump(sign)) - 2
    return {"x": sign * ((most - len(dump({"x": ""}))) // each)}


@pytest.mark.parametrize("sign", FILLED.values(), ids=list(FILLED))
def test_the_largest_that_is_taken_arrives(quick: tuple[Clerk, House], sign: str) -> None:
    clerk, house = quick
    gate = enrol(clerk, house, DeviceKind.GATE)
    want = CommandDevice(device_id=gate.id, name="n" * WORD_CHARACTERS, body=body(sign, INSTRUCTION_BYTES))
    assert beyond(want) == []
    clerk.do(want)
    ((said,),) = clerk.rows("SELECT body FROM outbox WHERE kind = :kind", kind=OUTBOX_KIND)
    message = dump(load(dict[str, Any], said)["sealed"])
    assert len(message) <= MEASURES[Kind.COMMAND].most
    assert load(Sealed, message).body(Instruction).body == want.body


@pytest.mark.parametrize("sign", FILLED.values(), ids=list(FILLED))
def test_a_larger_one_is_not(sign: str) -> None:
    adapter = COMMANDS["command_device"].adapter
    large = CommandDevice(device_id=new_id(), name="n", body=body(sign, INSTRUCTION_BYTES + 8))
    assert [fault["at"] for fault in beyond(large)] == ["body"]
    with pytest.raises(ValueError, match="body"):
        adapter.validate_json(dump(large))
    long = CommandDevice(device_id=new_id(), name="n" * (WORD_CHARACTERS + 1), body={})
    assert [fault["at"] for fault in beyond(long)] == ["name"]


def test_the_heaviest_command_is_as_large_as_a_device_takes() -> None:
    want = Maker().command(CommandDevice)
    assert len(dump(want.body)) == INSTRUCTION_BYTES and len(want.name) == WORD_CHARACTERS
