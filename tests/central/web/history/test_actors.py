"""Who acted, in words, whichever area's table they stand in."""

import pytest

from central.kernel.actor import SYSTEM
from central.kernel.tx import Read
from central.web.history.words import people
from central.web.texts import texts
from shared.wire.certificates import DeviceKind
from tests.central.devices.test_facts import enrol
from tests.central.small_house import Clerk, House, new_id


@pytest.mark.parametrize(("language", "program", "device", "nobody", "gone"), [
    ("fr", "programme", "appareil", "Quelqu’un sans accès", "Opérateur"),
    ("de", "Programm", "Gerät", "Jemand ohne Zugang", "Benutzer"),
])  # fmt: skip
def test_who_acted_is_named_and_it_is_said_what_they_are(
    quick: tuple[Clerk, House], language: str, program: str, device: str, nobody: str, gone: str
) -> None:
    clerk, house = quick
    gate, left = enrol(clerk, house, DeviceKind.GATE), new_id()
    (label,) = clerk.rows("SELECT label FROM device WHERE id = :id", id=gate.id)[0]
    wanted = {
        f"operator:{house.admin}": ("Admin", program, f"/admin/e/operator/{house.admin}"),
        f"device:{gate.id}": (label, device, f"/admin/e/device/{gate.id}"),
        f"operator:{left}": (gone, "", f"/admin/e/operator/{left}"),
        "anonymous:": (nobody, "", ""),
        "guest:7": ("7", "", ""),  # of a kind that nobody has words for
    }
    said = people(Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys), texts(language), wanted)
    assert {actor: (who.name, who.kind, who.href) for actor, who in said.items()} == wanted
