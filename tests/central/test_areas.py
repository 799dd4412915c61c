"""Areas say themselves what they are: a new one is a folder of its own, its lines in areas.py, and texts; and a module
of shared/wire where devices tell it something or hear of it. If it has tables it is a change of the schema too, which
every such change writes down in the same places (docs/development.md, When the schema changes)."""

import ast
import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from graphlib import TopologicalSorter
from pathlib import Path
from runpy import run_path

import pytest

from central.areas import AREAS
from central.kernel.feeds import FEEDS
from central.web.area import Area
from shared.languages import LANGUAGES
from shared.wire.feeds import Family
from tests.central.new_area.texts import WORDS

ROOT = Path(__file__).parents[2]
TEMPLATE = Path(__file__).parent / "new_area"
COPIED = ("central/", "shared/", "tests/", "tools/", "texts/", "docs/", "edge/", "parterre/", "benchmarks/",
          "pyproject.toml")  # fmt: skip


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
    assert set(Family) <= set(told)


def test_the_page_tells_what_an_area_says() -> None:
    said = re.findall(r"^\| (`.*?`) \|", (ROOT / "docs" / "areas.md").read_text(), re.MULTILINE)
    told = [name for row in said for name in re.findall(r"`(\w+)`", row)]
    assert sorted(told) == sorted(each.name for each in fields(Area))


def test_every_right_stands_in_its_own_area() -> None:
    assert {
        str(right): area.name for area in AREAS for right in area.privileges if not right.startswith(f"{area.name}.")
    } == {}


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
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                named = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                whole = [f"{node.module}.{alias.name}" for alias in node.names]
                named = [each if each in files else str(node.module) for each in whole]
            else:
                continue
            imports[name] |= files.keys() & {*named} - {name}
    TopologicalSorter(imports).prepare()  # raises CycleError, which names them


@pytest.mark.timeout(600)
def test_a_new_area_touches_no_other_folder(tmp_path: Path) -> None:
    """In a copy of the tree, with the template beside the areas: its migration is written by the tool, its story
    (entity, rule, command, page, loop, fact, feed, setting, right in a usual profile, health) holds, and so do lint's
    checks of areas and the tests that walk all areas, entities or commands. What a change of the schema records is not
    among it: FROZEN, printed_columns.txt, a dump."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in listed.stdout.splitlines():
        if name.startswith(COPIED):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).exists():
                shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".venv").symlink_to(Path(sys.prefix), target_is_directory=True)
    shutil.copytree(TEMPLATE / "cloakroom", tmp_path / "central" / "cloakroom")
    shutil.copy(TEMPLATE / "wire.py", tmp_path / "shared" / "wire" / "coats.py")
    shutil.copy(TEMPLATE / "story.py", tmp_path / "tests" / "central" / "test_cloakroom.py")
    areas = tmp_path / "central" / "areas.py"
    text = areas.read_text().replace("    catalogue,\n", "    catalogue,\n    cloakroom,\n", 1)
    areas.write_text(text.replace("    first_run.AREA,\n", "    first_run.AREA,\n    cloakroom.AREA,\n"))
    for n, language in enumerate(LANGUAGES):
        said = [(msgid, words[n]) for msgid, words in WORDS.items() if words[n]]
        po = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n' + "".join(
            f'\nmsgid "{msgid}"\nmsgstr "{word}"\n' for msgid, word in said
        )
        (tmp_path / "texts" / language / "cloakroom.po").write_text(po)
    _done([str(tmp_path / "tools" / "migration"), "coats"], tmp_path)
    for kind in ("sql", "tidy"):
        _done([sys.executable, str(tmp_path / "tools" / "checks.py"), kind], tmp_path)
    _done([str(Path(sys.prefix) / "bin" / "lint-imports"), "--no-logo", "--no-cache"], tmp_path)
    walks = (
        "test_areas.py", "test_config.py", "test_life_cycles.py", "test_reach.py", "kernel/test_bounds.py",
        "web/test_texts.py", "first_run/test_usual.py::test_usual_profiles_hold_what_there_is",
        "devices/test_authority.py::test_the_tables_are_whole",
        "devices/test_earlier_ids.py::test_every_kind_that_has_an_effect_is_walked",
    )  # fmt: skip
    held = ["tests/central/test_cloakroom.py", *(f"tests/central/{walk}" for walk in walks)]
    but = ["--deselect", f"tests/central/test_areas.py::{test_a_new_area_touches_no_other_folder.__name__}"]
    own = ["-k", "not test_bounds or coat"]  # the other commands' bounds are what they were
    _done([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *own, *but, *held], tmp_path)


def _done(command: list[str], folder: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHONPATH"))}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
