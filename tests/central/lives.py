"""What areas say beside their own tests, in the file `lives.py` there: what their rows live through, and what the tests
of everything declared must be told of them."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from central.areas import AREAS


def lives() -> Iterator[ModuleType]:
    for area in AREAS:
        if (Path(__file__).parent / area.name / "lives.py").exists():
            yield import_module(f"tests.central.{area.name}.lives")


def said(name: str) -> dict[Any, Any]:
    """The tables of that name together; an area that has none says nothing."""
    return {key: each for module in lives() for key, each in getattr(module, name, {}).items()}
