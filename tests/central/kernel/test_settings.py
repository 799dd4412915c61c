"""A context's setting: its own, or the nearest's above it that says one."""

from typing import Any

import pytest

from central.kernel.actor import SYSTEM
from central.kernel.contexts import ContextKind, setting_at, settings_at
from central.kernel.tx import Read
from central.organisation.ops import CreateContext
from tests.central.small_house import Clerk, House, new_id


def below(clerk: Clerk, house: House, settings: dict[str, Any]) -> str:
    made = new_id()
    clerk.do(
        CreateContext(
            id=made, context_id=house.institution, kind=ContextKind.ORGANISER, code=f"O{made[-6:]}",
            names={"fr": "O"}, settings=settings,
        )
    )  # fmt: skip
    return made


@pytest.mark.behind_the_door
def test_an_empty_text_says_nothing(quick: tuple[Clerk, House]) -> None:
    """Whether it came as a field that was emptied or not at all: what stands above holds."""
    clerk, house = quick
    clerk.db.write(
        "UPDATE context SET settings = :said WHERE id = :id",
        {"said": '{"timezone":"Europe/Rome"}', "id": house.institution},
    )
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    own, none, empty = (below(clerk, house, said) for said in ({"timezone": "Europe/Paris"}, {}, {}))
    clerk.db.write("UPDATE context SET settings = :said WHERE id = :id", {"said": '{"timezone":""}', "id": empty})
    assert [setting_at(read, at, "timezone") for at in (own, none, empty)] == ["Europe/Paris", *["Europe/Rome"] * 2]
    assert settings_at(read, empty, ("timezone",))["timezone"].by.id == house.institution
