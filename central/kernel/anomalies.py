"""What does not fit, for a person to look at. Each area has kinds of its own, an enum that it enters here
(web/area.py); a row of them is access's (access/model.py), where what comes from devices is told."""

from dataclasses import dataclass
from enum import StrEnum

ANOMALIES: dict[str, StrEnum] = {}
"""Every kind, by the word that rows hold; its text is `value:anomaly_kind.<word>`."""


@dataclass(frozen=True, slots=True)
class Anomalous:
    """`subject` is what it is about: a ticket, a slot, an order."""

    kind: StrEnum
    subject: str
    detail: dict[str, object]
