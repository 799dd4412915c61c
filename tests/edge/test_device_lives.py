"""Every life cycle of a device is a `Life`, and real scenarios take each of its steps: one that no code runs is no
step. The scenarios stand in the file `lives.py` of each device's tests: `LIVES`, and where the cycle is drawn."""

import re
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from shared.life import Life
from tests.sound_life import assert_all_is_reached, assert_words_are_its_own

ROOT = Path(__file__).parents[2]
TABLE = re.compile(r"^(\w+) = Life\[", re.MULTILINE)
PLAIN = re.compile(r"^(\w+): (?:Mapping|dict)\[tuple\[(\w+), \w+\], \2\]", re.MULTILINE)
"""A table that leads from a state to a state, and is none."""
SAID = [
    import_module(f"tests.edge.{path.parent.name}.lives") for path in sorted((ROOT / "tests/edge").glob("*/lives.py"))
]
LIVES: dict[str, Callable[[Path], Awaitable[None]]] = {name: run for each in SAID for name, run in each.LIVES.items()}
DRAWN: dict[str, str] = {name: path for each in SAID for name, path in each.DRAWN.items()}
ALL = pytest.mark.parametrize("name", LIVES)


def stand(what: re.Pattern[str], *folders: str) -> set[str]:
    return {
        f"{'.'.join(path.relative_to(ROOT).with_suffix('').parts)}.{found[1]}"
        for folder in folders for path in (ROOT / folder).rglob("*.py") for found in what.finditer(path.read_text())
    }  # fmt: skip


def life(name: str) -> Life[Any, Any]:
    module, _, attribute = name.rpartition(".")
    found = getattr(import_module(module), attribute)
    assert isinstance(found, Life)
    return found


def test_every_life_cycle_of_a_device_has_its_scenarios() -> None:
    assert stand(TABLE, "edge") == LIVES.keys()
    assert stand(PLAIN, "edge", "shared", "central") == set(), "is `shared.life.Life`"


@ALL
def test_a_devices_life_is_sound(name: str) -> None:
    assert_all_is_reached(life(name))
    assert_words_are_its_own(life(name))


@ALL
async def test_every_step_is_taken_by_code_that_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, taken = life(name), set()

    def led(self: Life[Any, Any], state: Any, do: Any) -> Any:
        after = self._steps.get((state, do))
        if self is table and after is not None:
            taken.add((state, do))
        return after

    def stepped(self: Life[Any, Any], at: tuple[Any, Any]) -> Any:
        if (after := led(self, *at)) is None:
            raise KeyError(at)
        return after

    monkeypatch.setattr(Life, "after", led)
    monkeypatch.setattr(Life, "__getitem__", stepped)
    await LIVES[name](tmp_path)
    assert taken == set(table)


@pytest.mark.parametrize("name", DRAWN)
def test_a_drawn_life_is_what_the_table_says(name: str) -> None:
    """The handbook says a deed in the code's word, or says what is done."""
    table = life(name)
    drawn = re.findall(r"^    (\w+) --> (\w+): (.+)$", (ROOT / DRAWN[name]).read_text(), re.MULTILINE)
    steps = {(state.value, after.value, do.value) for (state, do), after in table.items()}
    assert {step[:2] for step in drawn} == {step[:2] for step in steps}
    if {said for *_, said in drawn} & {do.value for do in table.deeds}:
        assert set(drawn) == steps
