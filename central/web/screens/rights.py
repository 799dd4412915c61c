"""The tree of privileges as people meet it: in words, and as boxes, a screen a line."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from central.kernel.privileges import EVERYTHING, Action, nodes
from central.kernel.registry import known_nodes, privileges
from central.web.texts import Texts

FIVE = (Action.READ, Action.CREATE, Action.MODIFY, Action.DELETE, Action.EXECUTE)
_ORDER: dict[str, int] = {action: n for n, action in enumerate(FIVE)}


def by_screen() -> dict[str, dict[str, list[str]]]:
    """Every privilege, under its module and screen (`venues` → `venues.site`): in the order of `FIVE`, then those with
    a name of their own."""
    found: dict[str, dict[str, list[str]]] = {}
    for privilege in privileges():
        module, screen, _ = privilege.split(".", 2)
        found.setdefault(module, {}).setdefault(f"{module}.{screen}", []).append(privilege)
    for screens in found.values():
        for listed in screens.values():
            listed.sort(key=lambda each: (_ORDER.get(action_of(each), len(FIVE)), each))
    return found


def action_of(privilege: str) -> str:
    return privilege.rpartition(".")[2]


# --- in words ---------------------------------------------------------------------------------------------------------


def privilege_text(t: Texts, privilege: str) -> str:
    """`venues.site.modify` as `Lieux › Sites › modifier`."""
    return node_text(t, privilege) if privilege.count(".") == 2 else privilege


def node_text(t: Texts, node: str) -> str:
    """`venues.site.modify`, `venues` or `*` in words."""
    parts = [".".join(node.split(".")[: n + 1]) for n in range(node.count(".") + 1)]
    return " › ".join(last_text(t, each) for each in parts)


def last_text(t: Texts, node: str) -> str:
    """What the last part of a node is called: of `venues.site`, `Sites`."""
    if node == EVERYTHING:
        return t.meant("droits", "Tout")
    last = node.rpartition(".")[2]
    return t.known(f"privilege:{node}", *([f"action:{last}"] if node.count(".") == 2 else [])) or last


# --- as boxes ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RightBox:
    """`through`: a branch above it is ticked. `shut`: it says how things are, and cannot be changed here."""

    node: str
    text: str
    ticked: bool
    through: bool
    shut: bool


@dataclass(frozen=True, slots=True)
class ScreenBoxes:
    """A screen: all of it, what of the five it has, its acts with a name of their own."""

    whole: RightBox
    five: tuple[RightBox | None, ...]
    apart: tuple[RightBox, ...]


@dataclass(frozen=True, slots=True)
class ModuleBoxes:
    """A module and its screens."""

    whole: RightBox
    screens: tuple[ScreenBoxes, ...]


@dataclass(frozen=True, slots=True)
class RightBoxes:
    """All that may be given, under what the five are called. `kept`: all that is held, where some of it is not the
    reader's to give: it stays as it is. `unknown`: what is held and is in no declaration any more."""

    actions: tuple[str, ...]
    everything: RightBox
    modules: tuple[ModuleBoxes, ...]
    kept: tuple[str, ...]
    unknown: tuple[str, ...]


def right_boxes(t: Texts, held: Iterable[str], may: Callable[[str], bool], *, stored: bool) -> RightBoxes:
    """`held`: the nodes that are ticked; `may`: whether who looks may give a node; `stored`: it is a row's, and who may
    not give all that it holds changes none of it."""
    ticked = set(held)
    beyond = stored and not all(may(node) for node in ticked)

    def box(node: str) -> RightBox:
        through = not ticked.isdisjoint(nodes(node)[1:]) if node != EVERYTHING else False
        on = node in ticked or through
        return RightBox(node, last_text(t, node), on, through, shut=beyond or not (on or may(node)))

    modules = []
    for module, screens in by_screen().items():
        rows = []
        for screen, listed in screens.items():
            boxes = {action_of(each): box(each) for each in listed}
            five = tuple(boxes.pop(action, None) for action in FIVE)
            rows.append(ScreenBoxes(box(screen), five, tuple(boxes.values())))
        modules.append(ModuleBoxes(box(module), tuple(rows)))
    unknown = () if beyond else tuple(sorted(ticked - known_nodes()))
    actions = tuple(t.known(f"action:{each}") or each for each in FIVE)
    return RightBoxes(actions, box(EVERYTHING), tuple(modules), tuple(sorted(ticked)) if beyond else (), unknown)


def without_covered(held: Iterable[str]) -> list[str]:
    """What is held, without what a branch that is held gives as well: in alphabetical order, for it is a set."""
    ticked = set(held)
    return sorted(node for node in ticked if node == EVERYTHING or ticked.isdisjoint(nodes(node)[1:]))
