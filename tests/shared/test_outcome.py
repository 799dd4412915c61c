"""Reasons are told apart by what they are, not by how they are spelt."""

import re
from collections import Counter
from pathlib import Path

import pytest

import edge.device.instructions
import edge.kiosk.caisse_ap
import edge.kiosk.store  # noqa: F401  # declare theirs
from central.devices.model import NoLease
from central.inventory.model import NoPlace, NoSale
from shared.outcome import Reason, Refused, reason_named

ROOT = Path(__file__).parents[2]
OURS = [kind for kind in Reason.__subclasses__() if not kind.__module__.startswith("tests.")]


def test_members_of_two_enums_are_never_equal() -> None:
    assert NoPlace.TAKEN != NoLease.TAKEN and Refused(NoPlace.TAKEN) != Refused(NoLease.TAKEN)
    assert NoPlace.TAKEN != "taken" and str(NoPlace.TAKEN) == NoPlace.TAKEN.key == "no_place.taken"
    assert NoPlace.TAKEN.value == NoLease.TAKEN.value == "taken"


@pytest.mark.parametrize(
    ("name", "is_"),
    [
        ("no_place.taken", NoPlace.TAKEN),
        ("taken", NoLease.TAKEN),  # as it stands in old logs: the first of that name
        ("limit", NoPlace.LIMIT),
        ("no_sale.hold_over", None),  # of none of these
        ("", None),
    ],
)
def test_a_reason_by_its_name(name: str, is_: Reason | None) -> None:
    assert reason_named(name, (NoLease, NoPlace)) is is_


def test_every_reason_has_a_name_of_its_own() -> None:
    names = Counter(reason.key for kind in OURS for reason in kind)
    assert NoSale.HOLD_OVER.key in names and [name for name, n in names.items() if n > 1] == []


def test_every_reason_is_given_somewhere() -> None:
    given = {
        named
        for folder in ("central", "edge", "shared")
        for path in (ROOT / folder).rglob("*.py")
        for named in re.findall(r"\b([A-Z]\w+)\.([A-Z]\w*)\b", path.read_text())
    }
    assert [reason.key for kind in OURS for reason in kind if (kind.__name__, reason.name) not in given] == []
