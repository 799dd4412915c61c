"""What is wrong with a plan as an English reader is told it; where it is stays as a refusal says it."""

from central.venues.flaw_words import flaw_text
from central.web.texts import texts
from shared.outcome import Refused


def told(answer: object) -> list[tuple[str, str]]:
    assert isinstance(answer, Refused), answer
    return [(fault["at"], flaw_text(texts("en"), fault)) for fault in answer.detail["faults"]]
