"""Whatever has to be filled in is marked so, in one way, on every form that there is."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

import central
from central.programme.plan_form import ACTS
from central.venues.model import PlanTarget

CENTRAL = Path(central.__file__).parent
TEMPLATES = sorted(CENTRAL.rglob("templates/**/*.html"))
CONTROL = re.compile(r"<(?:input|select|textarea)\b(?:[^>{]|\{[{%].*?[}%]\})*>", re.DOTALL)
REQUIRED = re.compile(r"[ \"}]required\b(?!=)")
MARK = re.compile(r"must\(t\)|needed\(f\)")


def mandatory() -> Iterator[tuple[str, str, str]]:
    """File, the control, and what stands between its label's start and the control."""
    for path in TEMPLATES:
        text = path.read_text()
        for found in CONTROL.finditer(text):
            if REQUIRED.search(found[0]) and "aria-label=" not in found[0]:
                label = text.rfind("<label", 0, found.start())
                yield path.name, found[0], text[max(label, 0) : found.start()]


def test_each_mandatory_field_has_the_mark_in_its_label() -> None:
    seen = [*mandatory()]
    assert len(seen) >= 8, "templates have some"
    assert [(file, control) for file, control, label in seen if not MARK.search(label)] == []


def test_there_is_one_mark() -> None:
    written = [path.name for path in TEMPLATES if re.search(r'class="(?:needed|must)"', path.read_text())]
    assert written == ["marks.html"]


@pytest.mark.parametrize("target", PlanTarget)
def test_an_act_on_a_plan_needs_what_its_command_cannot_do_without(target: PlanTarget) -> None:
    needs = {name for name, act in ACTS[target].items() if "why" in act.needs}
    assert needs == ({"invalidate"} if target is PlanTarget.PHYSICAL else {"block"})
    for act in ACTS[target].values():
        assert set(act.needs) <= set(act.asks) and {"selection"} <= {each.name for each in fields(act.command)}
