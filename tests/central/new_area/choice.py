"""What of the tests of everything declared runs with the template beside the areas (a plugin of that run alone): those
that need no server, and of the others its own story and whatever goes through one thing at a time, for its things."""

import pytest

ALL_AT_ONCE = ("test_life_cycles", "test_no_page_grows", "test_budgets", "test_ids_once")
"""Go through all that is declared in one test."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    said = ("coat", "cloakroom", *ALL_AT_ONCE)
    chosen = [
        item for item in items if not item.get_closest_marker("server") or any(word in item.nodeid for word in said)
    ]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen
