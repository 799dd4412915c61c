"""Central's configuration out of a TOML file and PARTERRE_CENTRAL__… variables: its own keys and those of the areas,
side by side. No two areas have one key."""

from collections.abc import Mapping
from dataclasses import field as part
from dataclasses import fields, make_dataclass
from pathlib import Path
from typing import Any, get_type_hints

from central.areas import AREAS
from central.config import CentralConfig
from central.kernel.settings import Settings
from shared.runtime.config import load_config

PREFIX = "PARTERRE_CENTRAL"
_OF_AREAS = [area.settings for area in AREAS if area.settings]
_OWN = [each.name for each in fields(CentralConfig) if each.name != "areas"]


def _whole() -> type[Any]:
    """Of all keys. TypeError where two have one name."""
    parts: list[tuple[str, Any, Any]] = []
    kinds: list[type[Any]] = [CentralConfig, *_OF_AREAS]
    for kind in kinds:
        hints = get_type_hints(kind, include_extras=True)
        parts += [
            (each.name, hints[each.name], part(default=each.default, default_factory=each.default_factory))
            for each in fields(kind)
            if each.name != "areas"
        ]
    return make_dataclass("CentralFile", parts, frozen=True)


def read_config(path: Path | None, env: Mapping[str, str], overrides: Mapping[str, Any] | None = None) -> CentralConfig:
    """Raises ConfigError with every fault."""
    said = load_config(_whole(), path, env, PREFIX, overrides)
    areas = (kind(**{each.name: getattr(said, each.name) for each in fields(kind)}) for kind in _OF_AREAS)
    return CentralConfig(**{name: getattr(said, name) for name in _OWN}, areas=Settings(tuple(areas)))
