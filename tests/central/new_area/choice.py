"""What of the tests of everything declared runs with the template beside the areas (a plugin of that run alone):
whatever goes through all of it at once, and of what is called with one thing at a time, or goes through them one by one
(walked.py), the template's own. Another area's entity, command or query is as it was without it."""

import re

import pytest

import central.areas  # noqa: F401 - declares everything
from central.kernel.entity import BY_NAME
from central.kernel.registry import COMMANDS, QUERIES
from tests.central.test_life_cycles import DOCUMENT, document
from tests.central.walked import ONLY, walked

OTHERS = {
    name
    for registry in (BY_NAME, COMMANDS, QUERIES)
    for table, each in registry.items()
    for name in (table, each.kind.__name__)
    if not each.kind.__module__.startswith("central.cloakroom.")
}


ONLY.append("central.cloakroom")


def pytest_configure() -> None:
    """A coat's life goes into the document, as its author would write it."""
    assert walked(BY_NAME) and walked(COMMANDS), "there is something to walk"
    DOCUMENT.write_text(document())


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    others = [item for item in items if OTHERS.intersection(re.findall(r"\w+", item.name.partition("[")[2]))]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]
