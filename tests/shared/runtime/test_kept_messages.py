"""What a broker keeps for who comes later: of each writer its newest, and room for each."""

import pytest

from shared.runtime import kept_messages
from shared.runtime.kept_messages import KEPT_FOR_S, Kept
from shared.wire.certificates import DeviceKind


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, most in (("MOST_RETAINED", 8), ("MOST_OF_RELAY", 6), ("MOST_OF_DEVICE", 3)):
        monkeypatch.setattr(kept_messages, name, most)


def test_of_each_writer_the_newest(house) -> None:
    held, gate = Kept(), house.holder("gate", DeviceKind.GATE).certificate
    gone = [held.wrote(topic, gate, 0.0) for topic in ("a", "b", "a", "c", "d", "e")]
    assert gone == [[], [], [], [], ["b"], ["a"]], "what was written again is new"
    held.cleared("c")
    held.cleared("never there")
    assert held.wrote("f", gate, 0.0) == []


def test_who_has_most_makes_room_and_central_for_nobody(house) -> None:
    held = Kept()
    central, relay, gate = (
        house.holder(str(kind), kind).certificate for kind in (DeviceKind.CENTRAL, DeviceKind.BROKER, DeviceKind.GATE)
    )
    assert [held.wrote(f"bell {n}", central, 0.0) for n in range(4)] == [[]] * 4
    assert [held.wrote(f"state {n}", relay, 0.0) for n in range(5)] == [[]] * 4 + [["state 0"]]
    assert held.wrote("presence", gate, 0.0) == ["state 1"]
    assert held.wrote("bell 4", central, 0.0) == ["state 2"]
    assert [held.wrote(f"bell {n}", central, 0.0) for n in (5, 6, 7, 8)][-1] == ["bell 0"], "its own, where all are"


def test_what_somebody_else_writes_under_a_topic_is_theirs(house) -> None:
    held = Kept()
    relay, gate = (house.holder(str(kind), kind).certificate for kind in (DeviceKind.BROKER, DeviceKind.GATE))
    for n in range(3):
        held.wrote(f"state {n}", gate, 0.0)
    held.wrote("state 0", relay, 0.0)
    assert held.wrote("state 3", gate, 0.0) == []


def test_what_is_kept_of_who_is_gone_ends(house) -> None:
    held = Kept()
    gate, other = (house.holder(name, DeviceKind.GATE).certificate for name in ("gate", "other"))
    held.wrote("a", gate, 0.0)
    held.wrote("b", gate, 5.0)
    held.wrote("c", other, 0.0)
    assert held.over({gate.holder_id, other.holder_id}, 3 * KEPT_FOR_S) == []
    assert held.over({other.holder_id}, KEPT_FOR_S + 1) == ["a"]
    assert held.over((), KEPT_FOR_S + 6) == ["b", "c"]
    assert held.over((), 9 * KEPT_FOR_S) == []
