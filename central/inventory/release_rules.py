"""Release rules fire: at a moment, or so long before the performance, the unsold rest of a contingent falls back to
hors contingent or to another contingent, as an entry in the plan's history that says which rule it was.

A rule fires once for a performance; what was held, leased, optioned or sold then follows when it comes back (`follow`
in places.py). An operator may put places back into the contingent afterwards: the rule does not take them away again.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from central.inventory.model import InventoryPrivilege, NoRule, ReleaseFiring, ReleaseRule
from central.inventory.places import fall
from central.inventory.reads import not_fired
from central.kernel.contexts import root_of_house
from central.kernel.crud import checked
from central.kernel.entity import Ref
from central.kernel.registry import answers, handles
from central.kernel.tx import Read, Tx
from central.venues.selection import Selection
from shared.clock import from_ms
from shared.ids import Id, derived_id
from shared.outcome import Ok, Outcome, Refused

AT_ONCE = 5  # performances that one command works on
PLACES_AT_ONCE = 2_000  # of which none more is begun after so many: each may be a stadium
MOST_COMING = 1_000


@checked(ReleaseRule, refuses=(NoRule,))
def release_rule_fits(_: Read, __: ReleaseRule | None, after: ReleaseRule | None) -> Refused | None:
    """One moment and no more; not back into itself."""
    if after is None:
        return None
    if (after.at is None) == (after.before_s is None):
        return Refused(NoRule.ONE_MOMENT, fix="at", detail={"either": ["at", "before_s"]})
    if after.to_contingent_id == after.contingent_id:
        return Refused(NoRule.INTO_ITSELF, fix="to_contingent_id")
    return None


@dataclass(frozen=True, slots=True)
class DueRelease:
    """A rule that has not fired yet for a performance: `at` is when it will, or should have."""

    rule_id: Id
    performance_id: Id
    contingent_id: Id
    to_contingent_id: Id | None
    at: datetime


def due(read: Read, until: datetime, below: str, most: int, only: tuple[Id, Id] | None = None) -> list[DueRelease]:
    """What fires until then at a context or below it, of performances that are not over: the first so many. `only`: of
    this rule and performance."""
    found = not_fired(read, below, until, most, only)
    return [
        DueRelease(each.rule_id, each.performance_id, each.contingent_id, each.to_contingent_id, from_ms(each.at))
        for each in found
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class FireReleaseRules:
    """Fires what is due at a context and below it, a few performances at a time, and no further one once so many places
    have moved as a large hall has. Answers with what has fired; give it again until that is nothing: no rule is due."""

    context_id: Annotated[Id, Ref("context")]


@handles(
    FireReleaseRules, needs=InventoryPrivilege.CONTINGENT_MODIFY, gives=list[ReleaseFiring],
    looked=lambda read, want: due(read, read.now, want.context_id, AT_ONCE),
)  # fmt: skip
def fire_release_rules(tx: Tx, want: FireReleaseRules, found: list[DueRelease]) -> Outcome[list[ReleaseFiring]]:
    """Which are due is looked for beside the writer, among all performances to come; here each is asked about once
    more."""
    fired: list[ReleaseFiring] = []
    for each in found:
        if due(tx, tx.now, want.context_id, 1, (each.rule_id, each.performance_id)) != [each]:
            continue
        fired.append(_fire(tx, each))
        if sum(one.places for one in fired) >= PLACES_AT_ONCE:
            break
    return Ok(fired)


def _fire(tx: Tx, each: DueRelease) -> ReleaseFiring:
    rule = tx.get(ReleaseRule, each.rule_id)
    assert rule, "it was found just now"
    places = fall(
        tx, each.performance_id, Selection(contingents=(each.contingent_id,)), rule.code, each.to_contingent_id
    )
    firing = ReleaseFiring(
        id=derived_id("fired", rule.id, each.performance_id),
        rule_id=rule.id,
        performance_id=each.performance_id,
        contingent_id=each.contingent_id,
        to_contingent_id=each.to_contingent_id,
        places=places,
        at=tx.now,
    )
    return tx.insert(firing)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingReleases:
    """What release rules will do at a context and below it until a moment, and what they should have done and have not
    yet: a thousand at most."""

    context_id: Annotated[Id, Ref("context")]
    until: datetime


@answers(ComingReleases, needs=InventoryPrivilege.CONTINGENT_READ, gives=list[DueRelease])
def coming_releases(read: Read, want: ComingReleases) -> Outcome[list[DueRelease]]:
    found = due(read, want.until, want.context_id, MOST_COMING)
    return Ok(sorted(found, key=lambda each: (each.at, each.performance_id, each.rule_id)))


def releases_due(read: Read) -> Id | None:
    """What a loop asks: the house, if a rule is due in it."""
    root = root_of_house(read)
    return root if root and due(read, read.now, root, 1) else None
