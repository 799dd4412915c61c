"""One frozen configuration object per process, from a TOML file and the environment.

A configuration is refused whole, with every fault named by its key and by the place it was read from; an unknown key
is a fault, since a misspelt limit that is silently not in force is worse than a device that does not start.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import orjson
from pydantic import ValidationError

from shared.wire.codec import adapter, faults

T = TypeVar("T")
_Key = tuple[str, ...]


class Failure(Exception):
    """An expected failure to start: what is wrong, and what to do about it. The command line prints it and exits with
    code 2; there is no traceback, since there is no bug."""

    def __init__(self, sentence: str, step: str = "") -> None:
        super().__init__(f"{sentence} {step}".strip())
        self.sentence = sentence
        self.step = step


class ConfigError(Failure):
    """The configuration has faults; `faults` has a line for each."""

    def __init__(self, faults: list[str]) -> None:
        count = "one fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__(f"The configuration has {count}:\n" + "\n".join(f"  {fault}" for fault in faults))
        self.faults = tuple(faults)


def load_config(
    kind: type[T],
    path: Path | None,
    env: Mapping[str, str],
    prefix: str,
    overrides: Mapping[str, Any] | None = None,
) -> T:
    """The configuration as a `kind` (a dataclass). Strongest last: defaults, file, environment, overrides.

    `PREFIX__TERMINAL__PORT=8888` sets `terminal.port`; a value that starts with [ or { is read as JSON. Overrides
    (from the command line) are nested mappings or dotted keys; those that are None are left out. Raises ConfigError
    with every fault.
    """
    values: dict[str, Any] = {}
    sources: dict[_Key, str] = {}
    found: list[str] = []
    if path is not None:
        _merge(values, _read(path), str(path), sources)
    for name, text in sorted(env.items()):
        if name.startswith(f"{prefix}__"):
            key = tuple(name.removeprefix(f"{prefix}__").lower().split("__"))
            _merge(values, _nested(key, _env_value(name, text, found)), name, sources)
    for dotted, value in (overrides or {}).items():
        if value is not None:
            _merge(values, _nested(tuple(dotted.split(".")), value), "command line", sources)
    strangers = list(_unknown(kind, values, ()))
    for key, hint in strangers:
        found.append(f"{_source(sources, key)}: {'.'.join(key)}: unknown key{hint}")
    try:
        config = adapter(kind).validate_python(values)
    except ValidationError as bad:
        for fault in faults(bad):
            key = tuple(fault["at"].split("."))
            if fault["what"] == "Field required":
                found.append(_missing(key, path, prefix))
            else:
                what = f"must be a table: [{fault['at']}]" if "instance of" in fault["what"] else fault["what"]
                found.append(f"{_source(sources, key)}: {fault['at']}: {what}")
        raise ConfigError(found) from None
    if found:
        raise ConfigError(found)
    return config


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as bad:
        raise ConfigError([f"{path}: cannot be read ({bad.strerror})"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as bad:
        raise ConfigError([f"{path}: is not TOML ({bad})"]) from None


def _env_value(name: str, text: str, found: list[str]) -> Any:
    if not text.startswith(("[", "{")):
        return text
    try:
        return orjson.loads(text)
    except ValueError:
        found.append(f"{name}: starts like JSON but is not JSON")
        return text


def _nested(key: _Key, value: Any) -> dict[str, Any]:
    for part in reversed(key):
        value = {part: value}
    return dict(value)


def _merge(into: dict[str, Any], more: Mapping[str, Any], source: str, sources: dict[_Key, str], at: _Key = ()) -> None:
    for name, value in more.items():
        key = (*at, name)
        if isinstance(value, Mapping):
            below = into.get(name)
            if not isinstance(below, dict):
                below = into[name] = {}
            sources.setdefault(key, source)
            _merge(below, value, source, sources, key)
        else:
            into[name] = value
            sources[key] = source


def _source(sources: Mapping[_Key, str], key: _Key) -> str:
    """Where the key, or the nearest thing above it, was read from."""
    for length in range(len(key), 0, -1):
        if key[:length] in sources:
            return sources[key[:length]]
    return "defaults"


def _missing(key: _Key, path: Path | None, prefix: str) -> str:
    variable = "__".join((prefix, *key)).upper()
    where = f"set it in {path} or as {variable}" if path else f"set it as {variable} or in a configuration file"
    return f"{'.'.join(key)}: is missing; {where}"


def _unknown(kind: Any, value: Any, at: _Key) -> Iterator[tuple[_Key, str]]:
    """Every key in `value` that `kind` does not know, with a hint at what may have been meant."""
    kind, inner = _dataclass_in(kind)
    if kind is None:
        return
    if inner is dict and isinstance(value, Mapping):
        for name, below in value.items():
            yield from _unknown(kind, below, (*at, name))
    elif inner is list and isinstance(value, list):
        for index, below in enumerate(value):
            yield from _unknown(kind, below, (*at, str(index)))
    elif inner is None and isinstance(value, Mapping):
        hints = get_type_hints(kind)
        known = [field.name for field in fields(kind)]
        for name, below in value.items():
            if name in known:
                yield from _unknown(hints[name], below, (*at, name))
            else:
                close = get_close_matches(name, known, n=1)
                yield (*at, name), f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(known)}"


def _dataclass_in(kind: Any) -> tuple[Any, type | None]:
    """The dataclass that a type is about, and whether it stands alone (None), in a list, or in a dict of names."""
    origin, inside = get_origin(kind), [arg for arg in get_args(kind) if arg not in (NoneType, Ellipsis)]
    if origin in (Union, UnionType) and len(inside) == 1:
        return _dataclass_in(inside[0])
    if origin in (list, tuple) and inside and is_dataclass(inside[0]):
        return inside[0], list
    if origin in (dict, Mapping) and len(inside) == 2 and is_dataclass(inside[1]):
        return inside[1], dict
    return (kind, None) if is_dataclass(kind) else (None, None)
