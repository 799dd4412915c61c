"""How often devices are told what is new."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DevicesSettings:
    """Seconds between two looks: at halls whose pictures have changed, at feeds whose bells are to ring, at sites whose
    snapshot is due, at whether each device that tells that it is there is one of the site that it tells it from."""

    hall_every_s: float = 0.5
    bell_poll_s: float = 2.0
    snapshot_every_s: float = 60.0
    presence_every_s: float = 15.0
