"""An act is done only as it was shown. A page that shows what it would do carries a mark of what that was made of; what
comes back without this mark, or after another answer, is shown first, without scripts, too."""

from collections.abc import Collection
from hashlib import sha256
from typing import Any

import orjson

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
