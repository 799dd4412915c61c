"""What the door answers, and how that is kept: the same bytes for the caller, the log and whoever asks again."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import auto
from typing import Any

import orjson

from central.kernel.messages import by_values
from central.kernel.misfits import misfit
from central.kernel.values import Fault
from shared.outcome import Ok, Outcome, Reason, Refused, reason_named

_LOG = logging.getLogger(__name__)
MOST_BYTES = 256 * 1024  # of a refusal: it is kept, and given again as it was
MOST_LISTED = 200  # of each list in one that would be longer
MOST_FIX = 200


class NoEntry(Reason):
    """Why the door itself refuses, in order."""

    # whose: of one command's own size
    TOO_HEAVY = auto()  # worked out beside the writer, it went over a limit (helper_processes.py)
    FAULTY = auto()  # a sign that nobody sees in a text
    NOT_ALLOWED = auto()
    NOT_YOURS = auto()  # something outside of the asker's perimeter
    ID_REUSED = auto()
    DOES_NOT_FIT = auto()  # an id that is there already or names nothing, a number out of bounds
    OLDER = auto()  # an answer from before an update, whose reason is none any more


@by_values
@dataclass(frozen=True, slots=True)
class Reply:
    """An answer and its JSON as stored with the command: a repeat gives the same bytes. `would` is what a dry run would
    have left in the audit: (entity, id, action, change as JSON)."""

    reason: Reason | None
    body: bytes
    repeated: bool = False
    would: tuple[tuple[str, str, str, str], ...] = ()

    @property
    def ok(self) -> bool:
        return self.reason is None

    @property
    def outcome(self) -> Outcome[Any]:
        """The answer as a value; what was a dataclass comes as a dict."""
        said = orjson.loads(self.body)
        return Ok(said) if self.reason is None else Refused(self.reason, said["fix"], said["detail"])

    @property
    def kept(self) -> str:
        return ("+" if self.ok else "-") + self.body.decode()


def stored(kept: str, refuses: Iterable[type[Reason]]) -> Reply:
    if kept[0] == "+":
        return Reply(None, kept[1:].encode(), repeated=True)
    said = orjson.loads(kept[1:])
    reason = reason_named(said["reason"], refuses) or NoEntry.OLDER
    body = kept[1:].encode() if reason.key == said["reason"] else orjson.dumps({**said, "reason": reason.key})
    return Reply(reason, body, repeated=True)


def reply_to(outcome: Outcome[Any]) -> Reply:
    if isinstance(outcome, Ok):
        return Reply(None, orjson.dumps(outcome.value))
    body = _refusal(outcome, outcome.detail)
    if len(body) > MOST_BYTES:
        body = _refusal(outcome, _cut(outcome.detail))
    return Reply(outcome.reason, body if len(body) <= MOST_BYTES else _refusal(outcome, {"left_out": "all"}))


def _refusal(outcome: Refused, detail: Mapping[str, Any]) -> bytes:
    return orjson.dumps({"reason": outcome.reason.key, "fix": outcome.fix[:MOST_FIX], "detail": detail})


def _cut(detail: Mapping[str, Any]) -> dict[str, Any]:
    """The first of each list, and how many there are more of it."""
    lists = {name: value for name, value in detail.items() if isinstance(value, (list, tuple))}
    left_out = {name: len(value) - MOST_LISTED for name, value in lists.items() if len(value) > MOST_LISTED}
    return {**detail, **{name: value[:MOST_LISTED] for name, value in lists.items()}, "left_out": left_out}


def not_allowed(needs: str, command: Any) -> Refused:
    """A place that is not there and one of somebody else are answered alike: `at` is what the asker said."""
    return Refused(NoEntry.NOT_ALLOWED, fix=needs, detail={"at": getattr(command, "context_id", "")})


def faulty(faults: list[Fault]) -> Refused:
    return Refused(NoEntry.FAULTY, fix=faults[0]["at"], detail={"faults": faults})


def unfit(fault: Exception) -> Refused:
    """In our words, whoever's the row is that stands in the way: the driver's are for the log."""
    what, names = misfit(fault)
    _LOG.info("it does not fit: %s", str(fault).partition("\n")[0])
    return Refused(NoEntry.DOES_NOT_FIT, fix=names[0] if names else "", detail={"what": what, "fields": names})
