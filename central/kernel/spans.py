"""Stored moments, judged by a clock that may have been wrong when they were stored.

What lasts minutes is kept as a moment. A clock that stood a year ahead for a while would make it last a year. So a
moment is never asked alone: one that lies further ahead of now than its own length reaches was stored by a wrong clock,
and what it stands for is over. Days that a law or a person set (retention, performances) are no such moments.
"""

from datetime import datetime, timedelta

from shared.clock import to_ms

APART = timedelta(minutes=1)  # the clocks of processes that share a database agree within it


def lasts(until: datetime, now: datetime, length: timedelta) -> bool:
    """Whether what ends then, and lasts `length` at most, is not over."""
    # clock: taken with what a wrong clock put beyond its length
    return now < until <= now + length + APART


def recent(since: datetime, now: datetime, length: timedelta) -> bool:
    """Whether it was less than `length` ago."""
    # clock: taken with what a wrong clock put beyond its length
    return since - APART <= now < since + length


def ahead(now: datetime, length: timedelta = timedelta()) -> int:
    """For statements, in milliseconds: what lies beyond it was stored by a wrong clock."""
    return to_ms(now + length + APART)
