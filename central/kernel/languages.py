"""The languages in which a house names its things: data, and more than Parterre itself speaks if it likes."""

import re
from collections.abc import Mapping

from central.kernel.contexts import the_institution
from central.kernel.tx import Read
from central.kernel.values import TAG, Fault
from shared.languages import FIRST_LANGUAGE, LANGUAGES


def house_languages(read: Read) -> tuple[str, ...]:
    """The house's first language, and its others: the institution's setting `languages` (`de fr pt`). Until it says so,
    the first is the one in which it was set up (`language`) or its own name stands, and the others are those we speak.
    Empty before there is a house."""
    return read.once("context", _languages)


def _languages(read: Read) -> tuple[str, ...]:
    house = the_institution(read)
    if house is None:
        return ()
    said = _tags(house.settings.get("languages", ""))
    began = [*_tags(house.settings.get("language", "")), *house.names]
    return tuple(dict.fromkeys(said or (*began[:1], *LANGUAGES)))


def spoken_first(read: Read) -> str:
    """The first of the house's languages that Parterre speaks: what its devices say to staff."""
    return next(filter(LANGUAGES.__contains__, house_languages(read)), FIRST_LANGUAGE)


def _tags(text: str) -> list[str]:
    return re.findall(rf"\b{TAG}\b", text)


def in_house(read: Read, name: str) -> dict[str, str]:
    """A name that came without a language is in the house's first."""
    return {house_languages(read)[0]: name}


def unnamed(read: Read, at: str, names: Mapping[str, str]) -> list[Fault]:
    """A name is needed in the house's first language, and in no other."""
    first = next(iter(house_languages(read)), "")
    return [{"at": f"{at}.{first}", "what": "name_missing"}] if first and not names.get(first, "").strip() else []


def names(name: str, language: str, first: str) -> dict[str, str]:
    """A name as it was given: in the house's first language, which everything needs, and in the one it was typed in."""
    return {first: name, language: name}
