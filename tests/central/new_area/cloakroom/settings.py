"""What a house sets for its cloakroom."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CloakroomSettings:
    """`cloakroom_hooks`: how many coats of one performance may hang there."""

    cloakroom_hooks: int = 2
