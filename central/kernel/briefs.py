"""What stands for a large text where it is not kept itself: its size and its digest."""

import re
from hashlib import sha256
from typing import Any

_BRIEF = re.compile(r"([0-9]+) characters, sha256 [0-9a-f]{64}")


def in_brief(text: str) -> str:
    return text if is_brief(text) else f"{len(text)} characters, sha256 {sha256(text.encode()).hexdigest()}"


def is_brief(text: Any) -> bool:
    return isinstance(text, str) and len(text) < 100 and _BRIEF.fullmatch(text) is not None


def brief_length(text: str) -> int | None:
    """Of the text that it stands for; None: it stands for itself."""
    found = _BRIEF.fullmatch(text) if is_brief(text) else None
    return int(found[1]) if found else None
