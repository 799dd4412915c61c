"""Privileges hang on a tree: `<module>.<screen>.<action>`. Who holds a branch holds all that hangs on it."""

from enum import StrEnum
from functools import cache

EVERYTHING = "*"
AUDIT_READ = "organisation.audit.read"
CONTEXT_READ = "organisation.context.read"
METRICS_READ = "organisation.metrics.read"
"""What kernel and shell ask for by themselves; organisation has them among its own."""


class Action(StrEnum):
    """What may be done on a screen; acts with a name of their own (`orders.ticket.reissue`) are executed."""

    READ = "read"
    CREATE = "create"
    MODIFY = "modify"
    DELETE = "delete"
    EXECUTE = "execute"


class UsualProfile(StrEnum):
    """Who works in most houses, for whom a new one is proposed a profile."""

    BOX_OFFICE = "BOX-OFFICE"
    BACK_OFFICE = "BACK-OFFICE"
    GATE = "GATE"
    READER = "READER"  # looks and touches nothing


USUAL: dict[UsualProfile, dict[str, None]] = {profile: {} for profile in UsualProfile}
"""What each may do, in the order of the areas, which declare it (web/area.py)."""


@cache
def nodes(privilege: str) -> tuple[str, ...]:
    """A privilege and the branches that it hangs on, itself first: holding any of them is holding it."""
    parts = privilege.split(".")
    return (*(".".join(parts[:n]) for n in range(len(parts), 0, -1)), EVERYTHING)
