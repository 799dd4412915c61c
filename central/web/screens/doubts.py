"""What a form asks back before it saves: a value that is rarely meant. It is no refusal: sent again, it is saved."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from central.kernel.contexts import Context
from central.kernel.tx import Read
from central.web.screens.fields import Typed
from central.web.screens.screen import Screen
from shared.ids import Id

DOUBTED = "_doubted"


@dataclass(frozen=True, slots=True)
class FormDoubts:
    """What is asked, and the mark by which the next form says that it was read."""

    said: tuple[str, ...]
    mark: str

    @staticmethod
    def of(said: list[str]) -> "FormDoubts":
        return FormDoubts(tuple(said), sha256("\n".join(said).encode()).hexdigest()[:16])

    def unread(self, typed: Typed) -> bool:
        return bool(self.said) and (typed.get(DOUBTED) or [""])[0] != self.mark


def doubts_of(screen: Screen, read: Read, entity: str, values: Mapping[str, Any]) -> FormDoubts:
    t = screen.t
    said = [each for doubt in screen.frame.doubts.get(entity, ()) for each in doubt(read, t, values)]
    kind, context = screen.frame.homes.get(entity), read.get(Context, Id(str(values.get("context_id", ""))))
    if kind and context and context.kind != kind:
        meant, chosen = t.value("context_kind", kind), t.value("context_kind", context.kind)
        said.append(t("Ici on attend : {meant}. Vous avez choisi : {chosen}.", meant=meant, chosen=chosen))
    return FormDoubts.of(said)
