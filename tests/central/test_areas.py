"""Areas say themselves what they are; what a new one is made of: test_new_area.py."""

import ast
import re
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from graphlib import TopologicalSorter
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from multiprocessing import get_context
from pathlib import Path
from runpy import run_path

import central
from central.areas import AREAS
from central.kernel.actor import ActorKind
from central.kernel.entity import BY_NAME
from central.kernel.facts import FACTS
from central.kernel.feeds import FEEDS
from central.kernel.privileges import USUAL
from central.kernel.registry import COMMANDS, QUERIES
from central.web import text_keys
from central.web.actor_words import ACTOR_WORDS
from central.web.area import Area
from shared.wire.feeds import FeedFamily
from tests.central.new_area.texts import WORDS
from tests.central.new_area.tree import TEMPLATE
from tests.trees import nodes_of

ROOT = Path(__file__).parents[2]


def test_each_areas_folder_is_in_the_one_order() -> None:
    names = [area.name for area in AREAS]
    folders = {path.parent.name for path in (ROOT / "central").glob("*/__init__.py")}
    assert folders - {"kernel", "web"} == set(names), "each area's folder is in areas.py"
    order_of_areas = run_path(str(ROOT / "tools" / "checks.py"))["order_of_areas"]
    assert order_of_areas(ROOT) == names, "tools/checks.py reads the order that holds"


def test_every_family_of_feeds_is_some_areas() -> None:
    """Families that devices know are told by an area; what devices do not know yet, an area may tell before."""
    told = [feeds.family for area in AREAS for feeds in area.feeds]
    assert sorted(told) == sorted(set(told)) == sorted(FEEDS)
    assert set(FeedFamily) <= set(told)


def test_whoever_is_in_the_log_stands_in_some_areas_table() -> None:
    """But central itself, and who has no access; so a kind of actor that nobody has words for is found."""
    assert ACTOR_WORDS.keys() == set(ActorKind) - {ActorKind.SYSTEM, ActorKind.ANONYMOUS}


def test_the_page_tells_what_an_area_says() -> None:
    said = re.findall(r"^\| (`.*?`) \|", (ROOT / "docs" / "areas.md").read_text(), re.MULTILINE)
    told = [name for row in said for name in re.findall(r"`(\w+)`", row)]
    assert sorted(told) == sorted(each.name for each in fields(Area))


def test_every_right_stands_in_its_own_area() -> None:
    assert {
        str(right): area.name for area in AREAS for right in area.privileges if not right.startswith(f"{area.name}.")
    } == {}


def test_a_right_is_spelt_in_one_place() -> None:
    """Wherever else it is asked for, by the name that it has there."""
    rights = {each.needs for each in (*COMMANDS.values(), *QUERIES.values()) if each.needs}
    rights |= {each.read for each in BY_NAME.values() if each.read}
    spelt = Counter(
        node.value for file in (ROOT / "central").rglob("*.py") for node in nodes_of(file)
        if isinstance(node, ast.Constant) and node.value in rights
    )  # fmt: skip
    assert {right: n for right, n in spelt.items() if n > 1} == {}


def test_an_area_speaks_for_its_own_tables_alone() -> None:
    """Of what sales do, and of what devices are told; the kernel's are whoever's that keeps them."""
    home = {table: each.kind.__module__.split(".")[1] for table, each in BY_NAME.items()}
    others = {
        (area.name, table)
        for area in AREAS
        for table in (*area.sales.offered, *area.sales.read, *area.sales.written, *area.sales.fixed, *area.told)
        if home.get(table, area.name) not in (area.name, "kernel")
    }
    assert others == set()


def test_no_file_imports_in_a_circle() -> None:
    """Not even for the types alone, or inside of a function: what needs each other is one module, or three."""
    files = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
        for package in ("central", "edge", "shared", "parterre")
        for file in (ROOT / package).rglob("*.py")
    }
    imports: dict[str, set[str]] = {}
    for name, file in files.items():
        imports[name] = set()
        for node in nodes_of(file):
            if isinstance(node, ast.Import):
                named = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                whole = [f"{node.module}.{alias.name}" for alias in node.names]
                named = [each if each in files else str(node.module) for each in whole]
            else:
                continue
            imports[name] |= files.keys() & {*named} - {name}
    TopologicalSorter(imports).prepare()  # raises CycleError, which names them


def test_a_new_area_declares_itself() -> None:
    """In a copy of this process, for what is declared stays. The rest: test_new_area.py."""
    with ProcessPoolExecutor(1, get_context("fork")) as copy:
        told, unsaid = copy.submit(declared_anew).result()
    assert told == {"right", "usual", "entity", "hand_in_coat", "lose_coats", "feed", "fact"}
    assert unsaid == []


def declared_anew() -> tuple[set[str], list[str]]:
    """What is known of the template once it is imported and has declared itself; and what it has no words for."""
    before = {keys[-1] for keys, _ in text_keys._declared()}
    spec = spec_from_file_location("shared.wire.coats", TEMPLATE / "wire.py")
    assert spec is not None and spec.loader is not None
    sys.modules[spec.name] = wire = module_from_spec(spec)
    spec.loader.exec_module(wire)
    central.__path__.append(str(TEMPLATE))
    area: Area = import_module("central.cloakroom").AREA
    area.declare()
    told = {name for name in ("hand_in_coat", "lose_coats") if name in COMMANDS}
    told |= {"right"} if all(right.startswith(f"{area.name}.") for right in area.privileges) else set()
    told |= {"usual"} if all({*rights} <= {*USUAL[profile]} for profile, rights in area.usual.items()) else set()
    told |= {"entity"} if BY_NAME["coat"].kind.__module__ == "central.cloakroom.model" else set()
    told |= {"feed"} if wire.COATS in FEEDS else set()
    told |= {"fact"} if FACTS[wire.COAT_FETCHED].body is wire.CoatFetched else set()
    needed = {keys[-1]: keys for keys, _ in text_keys._declared() if keys[-1] not in before}
    return told, sorted(last for last, keys in needed.items() if not WORDS.keys() & set(keys))
