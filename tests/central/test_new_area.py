"""A new area is a folder of its own, its lines in areas.py, and texts; and a module of shared/wire where devices tell
it something or hear of it. If it has tables it is a change of the schema too, which every such change writes down in
the same places (docs/development.md, When the schema changes). That it declares itself: test_areas.py."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.central.new_area.tree import placed, with_area

ROOT = Path(__file__).parents[2]
COPIED = ("central/", "shared/", "tests/", "tools/", "texts/", "docs/", "edge/", "parterre/", "benchmarks/",
          "pyproject.toml")  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the tree with the template in the middle of the order of the areas, its migration written by the
    tool."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    with_area([name for name in listed.stdout.splitlines() if name.startswith(COPIED)], tmp_path)
    (tmp_path / ".venv").symlink_to(Path(sys.prefix), target_is_directory=True)
    _done([str(tmp_path / "tools" / "migration"), "coats"], tmp_path)
    return tmp_path


@pytest.mark.timeout(900)
def test_a_new_area_touches_no_other_folder(tree: Path) -> None:
    """Its story (entity, life, rule, command, page, loop, fact, feed, setting, right in a usual profile, health) holds,
    and so do lint's checks of areas; and at the end of their order too."""
    for kind in ("sql", "tidy"):
        _done([sys.executable, str(tree / "tools" / "checks.py"), kind], tree)
    _done([str(Path(sys.prefix) / "bin" / "lint-imports"), "--no-logo", "--no-cache"], tree)
    _held(tree, STORY)
    placed(tree, "first_run")  # what stands last is seen by none, and may name all; the rest was asked above
    _held(tree, "-k", "not grow and not a_loop_runs", *AT_THE_END)


@pytest.mark.whole(only=True)
@pytest.mark.timeout(900)
def test_what_goes_by_the_areas_goes_by_a_new_one_too(tree: Path) -> None:
    """Every test that goes by what is declared (but for what is called with another area's thing: new_area/choice.py).
    What a change of the schema records is not among it: FROZEN, printed_columns.txt, a dump."""
    held = (f"{file}::{test}" for file, tests in walks().items() for test in tests)
    but = (f"--deselect={each}" for each in LEFT_OUT)
    _held(tree, "-p", "tests.central.new_area.choice", "-m", "not postgres", *but, *held)


def _held(tree: Path, *asked: str) -> None:
    _done([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *asked], tree)


REGISTRY = re.compile(
    r"\b(AREAS|BY_NAME|CHOSEN|COMMANDS|CONFIGURED|ENTITIES|FACTS|FEEDS|ITEMS|QUERIES|SEEKERS|SUBJECTS|USUAL|sampling"
    r"|text_keys)\b"
)
"""What areas declare goes by these names, and what is made up from it."""
TREE = re.compile(r"\b(ROOT|glob|rglob|__subclasses__)\b|tests\.central\.said")
"""Whoever reads all files reads an area's."""
ALL_FILES = re.compile(r"\b(rglob|__subclasses__)\b|tests\.central\.said")
"""A file of tests that does, whatever else it names."""
FOLDERS = ("central", "frame", "shared")
STORY = "tests/central/cloakroom"
AT_THE_END = (
    STORY,
    "tests/central/first_run/test_usual.py",
    "tests/central/kernel/test_registry.py",
)
"""What goes by the order; how pages grow and what a loop does do not."""
LEFT_OUT = {
    **{
        f"tests/central/test_new_area.py::{each.__name__}": "they are these"
        for each in (test_a_new_area_touches_no_other_folder, test_what_goes_by_the_areas_goes_by_a_new_one_too)
    },
    "tests/central/test_areas.py::test_a_new_area_declares_itself": "it has, in a copy",
    "tests/central/test_house_keys.py": "its commands are the program's",
    "tests/central/kernel/test_writer_process.py": "processes; a new command is in each of them, or in none",
    "tests/central/kernel/test_old_houses.py": "a change of the schema records it: a dump",
    "tests/central/kernel/test_row_proof.py::test_a_print_of_before_is_one_of_today": "as that: printed_columns.txt",
    "tests/central/kernel/test_flat_house.py": "what is done every day at a till, of whose doings a new area has none",
    "tests/central/kernel/test_former_names.py": "what is new was never called anything else",
    "tests/central/first_run/test_wizard.py": "the first steps, of which it has none; what it proposes: test_usual.py",
    "tests/central/test_strangers.py": "strangers reach the ways in, which are not an area's",
    "tests/central/web/test_foreign.py": "formats of files that others write, of which it reads none",
    "tests/central/organisation/test_kept_forms.py::test_every_form_is_as_it_was_left": "every kind of form",
    "tests/central/web/screens/test_conflicts.py::test_a_name_that_both_changed_is_there_twice_in_every_form": (
        "of its own rows there are none yet; the page is one for all"
    ),
    "tests/central/web/test_no_page_grows.py": "of its own pages its story asks the same",
    "tests/frame/test_checks.py": "lint's own faults; lint is asked above",
    "tests/central/web/test_hostile_heads.py::test_on_every_route_a_strangers_head_is_answered": "read before an area",
    "tests/central/web/test_hostile_heads.py::test_each_header_alone_is_answered": "as those",
}
"""What of `walks` is not run with the template, and why. Nor is what needs PostgreSQL, or is called with another
area's thing."""


def walks() -> dict[str, list[str]]:
    """Each file of tests that goes by what areas declare, or reads all of their files, and which of its tests do: they,
    or what they call in it, name one of the registries or read the tree."""
    files = {
        file.relative_to(ROOT).as_posix(): file.read_text()
        for folder in FOLDERS
        for file in (ROOT / "tests" / folder).rglob("test_*.py")
    }
    concerned = {file: text for file, text in sorted(files.items()) if REGISTRY.search(text) or ALL_FILES.search(text)}
    found = {file: going_by(text) for file, text in concerned.items()}
    return {file: tests for file, tests in found.items() if tests}


def going_by(text: str) -> list[str]:
    """Those of a file's tests that name a registry, or read the tree; or name something of the file that does, be it a
    fixture, a function or what a test is called with."""
    said = dict[str, str]()
    for node in ast.parse(text).body:
        first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])
        lines = "\n".join(text.splitlines()[first - 1 : node.end_lineno])
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                said[name] = lines
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                of = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
                said |= {each.asname or each.name.partition(".")[0]: of + each.name for each in names}
            case ast.Assign() | ast.AnnAssign():
                said |= {name: lines for each in ast.walk(node) if (name := _assigned(each))}
    words = {name: {*re.findall(r"\w+", lines)} for name, lines in said.items()}
    concerned = {name for name, lines in said.items() if REGISTRY.search(lines) or TREE.search(lines)}
    while more := {name for name in said.keys() - concerned if words[name] & concerned}:
        concerned |= more
    return [name for name in said if name.startswith("test_") and name in concerned]


def _assigned(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else ""


def test_what_is_left_out_is_there() -> None:
    files = walks()
    for each in LEFT_OUT:
        file, _, test = each.partition("::")
        assert file in files and f"def {test}" in (ROOT / file).read_text()


def _done(command: list[str], folder: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHONPATH"))}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
