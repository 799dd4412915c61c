"""What a test goes through one by one: all that is declared. Where the template stands beside the areas
(new_area/choice.py) it is the template's own, with which the test does what it does with every other."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from aiohttp import web

T = TypeVar("T")
ONLY: list[str] = []
"""An area's package: of that one alone; none: of all."""


def walked(registry: Mapping[str, T]) -> dict[str, T]:
    """Entities, commands or queries, by name."""
    return {name: each for name, each in registry.items() if _ours(each.kind.__module__)}  # type: ignore[attr-defined]


def routes_walked(app: web.Application) -> Iterable[web.AbstractRoute]:
    return [each for each in app.router.routes() if _ours(each.handler.__module__)]


def _ours(module: Any) -> bool:
    return not ONLY or str(module).startswith(f"{ONLY[0]}.")
