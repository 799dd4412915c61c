"""An operator who acted, in words."""

from collections.abc import Mapping, Sequence

from central.kernel.entity import ENTITIES
from central.kernel.tx import Read
from central.organisation.model import Operator
from central.web.actor_words import ActorWords
from central.web.texts import Texts


def _said(read: Read, t: Texts, ids: Sequence[str]) -> Mapping[str, str]:
    """A person, or a program."""
    found = [read.get(Operator, row_id) for row_id in ids]
    return {each.id: t.value("operator_kind", each.kind) for each in found if each}


OPERATORS = ActorWords(ENTITIES[Operator].name, _said)
