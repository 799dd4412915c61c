"""What is wrong with a plan, said to whoever mends it: where, and a sentence, of each fault that a refusal lists."""

import re
from collections.abc import Mapping
from typing import Any

from central.venues.plan_flaws import Flaw
from central.web.texts import Texts
from shared.outcome import Refused

MOST_SHOWN = 200
_LINE = re.compile(r"line (\d+)(.*)")
_PART = re.compile(r"(blocks|areas)\[(\d+)\](?:\.(\w+))?(?:\[(\d+)\])?(?:\.\w+)?(?:, row (.*), seat (.*))?", re.DOTALL)


class _Anything(dict[str, str]):
    """What stands for the places of a cause when it is told of many."""

    def __missing__(self, name: str) -> str:
        return "…"


def flaws_in(refused: Refused, t: Texts, most: int = MOST_SHOWN) -> list[dict[str, str]]:
    """The first faults that a refusal of a plan lists, `at` and `what` in words; then how many more there are."""
    listed = [each for each in refused.detail.get("faults", []) if each["what"] != Flaw.MORE.fault]
    more = [each for each in refused.detail.get("faults", []) if each["what"] == Flaw.MORE.fault]
    said = [{"at": place_text(t, str(each["at"])), "what": flaw_text(t, each)} for each in (*listed[:most], *more)]
    if cut := len(listed[most:]):
        said.append({"at": "…", "what": t.n("Et {n} autre point", "Et {n} autres points", cut)})
    return said


def flaw_text(t: Texts, fault: Mapping[str, Any]) -> str:
    said = {name: _value(t, name, value) for name, value in fault.items() if name not in ("at", "what")}
    if fault["what"] == Flaw.MORE.fault:
        said["of"] = t(f"fault:{fault['of']}").format_map(_Anything())
    return t.fault(fault["what"], **said)


def _value(t: Texts, name: str, value: Any) -> str:
    if name == "other":
        return place_text(t, value)
    if name in ("things", "kind", "unit"):
        return t.value(f"plan_{name}", value)
    return t.number(value) if isinstance(value, int | float) else str(value)


def place_text(t: Texts, at: str) -> str:
    """Where it is: a line of a file or a part of a drawing in words; a path in a JSON is what it is."""
    if line := _LINE.fullmatch(at):
        return t("ligne {n}", n=line[1]) + line[2]
    if part := _PART.fullmatch(at):
        return _part(t, part)
    return t("tout le fichier") if at == "$" else at


def _part(t: Texts, part: re.Match[str]) -> str:
    kind, n, name, one, row, seat = part.groups()
    block = kind == "blocks"
    where = [t("Bloc {n}", n=int(n) + 1) if block else t("Décor {n}", n=int(n) + 1)]
    if name:
        number = f" {int(one) + 1}" if one else ""
        where.append(t.field("draw_block" if block else "draw_area", name) + number)
    if row is not None:
        where.append(t("rang {row}, siège {seat}", row=row, seat=seat))
    return ", ".join(where)
