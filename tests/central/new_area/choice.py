"""What of the tests of everything declared runs with the template beside the areas (a plugin of that run alone):
whatever goes through all of it at once, and of what is called with one thing at a time the template's own. Another
area's entity, command or query is as it was without it."""

import re

import pytest

import central.areas  # noqa: F401 - declares everything
from central.kernel.entity import BY_NAME
from central.kernel.registry import COMMANDS, QUERIES

OTHERS = {
    name
    for registry in (BY_NAME, COMMANDS, QUERIES)
    for table, each in registry.items()
    for name in (table, each.kind.__name__)
    if not each.kind.__module__.startswith("central.cloakroom.")
}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    others = [item for item in items if OTHERS.intersection(re.findall(r"\w+", item.name.partition("[")[2]))]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]
