"""What says something about a person, and how it is kept so that it can be forgotten.

A table's row holds it in plain words. Whatever else keeps it, the log, its audit, the outbox, what webhooks are sent,
holds it sealed under a key of its own per person (the *subject*) and kind; the log's prints of rows hold it blinded
with that key. So the log is never rewritten and its chain stays whole: whoever is forgotten loses their keys
(kernel/subjects.py, kernel/erasure.py), and what is sealed stays shut for everybody.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum, auto
from hashlib import sha256
from typing import Any

import orjson

from central.kernel.vault import Vault

STRUCK = "•"  # a secret, or what nobody's key seals
ERASED = "∅"  # what was sealed under a key that is gone
SIGN = "sealed:"


class PersonalKind(StrEnum):
    """What is said of a person: each kind is kept as long as its own duty lasts."""

    IDENTITY = auto()
    CONTACT = auto()
    CONNECTION = auto()  # from where, and with what, somebody came in
    HEALTH = auto()
    DOCUMENT = auto()
    PHOTO = auto()
    BANK = auto()
    INVOICE = auto()


@dataclass(frozen=True, slots=True)
class Personal:
    """`Annotated[str, Personal(Kind.CONTACT, "contact_id")]`: says something about the person whom the field `of` names
    by id. In an entity that is a column, the row's own id where nothing is said; in a command a field, or empty where
    none names them: the log strikes the value then, as it does wherever a command was refused."""

    kind: PersonalKind
    of: str = "id"


@dataclass(frozen=True, slots=True)
class Duty:
    """How long a kind has to be kept after it was last written down, by which law or advice; whom it binds decides the
    house's own counsel."""

    days: int = 0
    ground: str = ""

    @property
    def lasts(self) -> timedelta:
        return timedelta(days=self.days)


DUTIES: Mapping[PersonalKind, Duty] = {
    PersonalKind.IDENTITY: Duty(),
    PersonalKind.CONTACT: Duty(),
    PersonalKind.CONNECTION: Duty(365, "CNIL, délibération 2021-122"),  # journals of access: six months to a year
    PersonalKind.HEALTH: Duty(),
    PersonalKind.DOCUMENT: Duty(),
    PersonalKind.PHOTO: Duty(),
    # 13 months in which a payment can be contested.
    PersonalKind.BANK: Duty(400, "Code monétaire et financier, L.133-24"),
    PersonalKind.INVOICE: Duty(3653, "Code de commerce, L.123-22"),  # ten years
}


@dataclass(frozen=True, slots=True)
class SealedText:
    """A sealed value as it stands in a text: `sealed:<kind>:<subject>:<box>`."""

    kind: str
    subject: str
    box: str


def is_said(value: Any) -> bool:
    """Whether there is anything in a field: what is empty says nothing, and is kept as it is."""
    return value not in (None, "", "[]", "{}", [], (), {})


def key_of(text: str) -> Vault:
    """A subject's key, of its text: 32 bytes of chance in hex."""
    return Vault(bytes.fromhex(text))


def seal(key: Vault, kind: str, subject: str, value: Any, at: str) -> str:
    """`at`: what holds it, a command's id for one. Moved to another place it opens nowhere."""
    box = key.seal(orjson.dumps(value).decode(), _owner(kind, subject, at))
    return f"{SIGN}{kind}:{subject}:{box}"


def unseal(key: Vault, token: SealedText, at: str) -> tuple[Any, ...]:
    """The value in a tuple; an empty one: this was sealed for another place, or is none of ours."""
    said = key.open(token.box, _owner(token.kind, token.subject, at))
    return () if said is None else (orjson.loads(said),)


def _owner(kind: str, subject: str, at: str) -> str:
    return "\x1f".join((kind, subject, at))


def token_of(text: str) -> SealedText | None:
    if not text.startswith(SIGN):
        return None
    kind, _, rest = text.removeprefix(SIGN).partition(":")
    subject, _, box = rest.partition(":")
    return SealedText(kind, subject, box) if kind in set(PersonalKind) and box else None


def tokens_in(value: Any) -> list[SealedText]:
    """Those anywhere in what was JSON."""
    if isinstance(value, str):
        found = token_of(value)
        return [found] if found else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [token for each in inner for token in tokens_in(each)]


def replaced(value: Any, by: Callable[[str], Any]) -> Any:
    """What was JSON, with every text as `by` has it."""
    if isinstance(value, str):
        return by(value)
    if isinstance(value, dict):
        return {name: replaced(each, by) for name, each in value.items()}
    return [replaced(each, by) for each in value] if isinstance(value, list) else value


def blinded(key: Vault, column: str, value: Any) -> str:
    """Stands for a value in a row's print: nobody without the key can try out which it was."""
    return key.digest("print", column, orjson.dumps(value).decode())


# --- of commands -----------------------------------------------------------------------------------------------------

Path = tuple[str, ...]
"""Where in a command a value stands: its field; of a generated change `set` and the field."""


def value_at(command: Any, path: Path) -> Any:
    """None: it is not there."""
    value = getattr(command, path[0])
    for name in path[1:]:
        value = value.get(name)
    return value


def put(said: dict[str, Any], path: Path, value: Any) -> None:
    """Into a command's fields, as they were read from JSON."""
    for name in path[:-1]:
        said = said[name]
    said[path[-1]] = value


def content_digest(public: str, values: list[tuple[Path, Any]], blind: Callable[[Path, Any], str]) -> str:
    """A command's digest, from that of all in it that says nothing about people, and its values that do, blinded."""
    said = [f"{'.'.join(path)}={blind(path, value)}" for path, value in values]
    return sha256("\n".join([public, *said]).encode()).hexdigest()


def without(value: Any, said: frozenset[str]) -> Any:
    """A refusal's detail, with what it gives back of these texts struck."""
    return replaced(value, lambda text: STRUCK if text.strip().casefold() in said else text)
