"""An act is done only as it was shown. A page that shows what it would do carries a mark of what that was made of: the
answers, and the thing itself as it stood. What comes back without this mark, after another answer, or after somebody
else changed the thing, is shown first, without scripts, too."""

from collections.abc import Collection
from hashlib import sha256
from typing import Any

import orjson

from central.kernel.entity import ENTITIES, Unproved

SHOWN = "_shown"


def shown_mark(of: Any) -> str:
    """A short mark of answers: what stood in a form. Empty for what is nested too deep, which no command takes."""
    try:
        return sha256(orjson.dumps(of, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
    except TypeError:
        return ""


def was_shown(said: Collection[str], mark: str) -> bool:
    """`said`: what came back as the mark."""
    return bool(mark) and list(said)[:1] == [mark]


def unseen_because(said: Collection[str], answers: str, stands: str) -> str:
    """Why what would be done is not what was shown: the answers are others, or the thing is (`meanwhile`); empty: it
    is."""
    if was_shown(said, answers and f"{answers}{stands}"):
        return ""
    return "meanwhile" if answers and "".join(list(said)[:1]).startswith(answers) else "answers"


def how_it_stands(row: Any) -> str:
    """A mark of a row, without its secrets and what traffic alone moves; empty where there is none."""
    if row is None:
        return ""
    columns = [each for each in ENTITIES[type(row)].columns if not each.unlisted]
    said = {each.name: str(getattr(row, each.name)) for each in columns if not any(map(_is_loose, each.marks))}
    return shown_mark(said)


def _is_loose(mark: Any) -> bool:
    return isinstance(mark, Unproved)
