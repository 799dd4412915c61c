"""Checks that no ready-made tool does: the lock's addresses, places of one machine in files, systemd units, tests that
fail when the machine is busy, references that lead nowhere, statements that go against the order of the areas.

    tools/checks.py lock [FILE…]      tools/checks.py places [FILE…]      tools/checks.py units [FILE…]
    tools/checks.py waits [FILE…]     tests that wait for a length of time, or judge one
    tools/checks.py references [FILE…]   documents, sections and decisions that are named and not there
    tools/checks.py sql [FOLDER]      statements and imports that name what is of an area that stands after theirs
    tools/checks.py tidy [FOLDER]     names of two things, what nothing uses, long modules, modules that are no nouns

Each fault is a line; the exit code says whether there were any.
"""

import ast
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import TypeGuard

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]
import writes  # noqa: E402

from central.kernel.statements import is_statement, tables_in  # noqa: E402 - of this very tree, installed or not

INDEX_HOSTS = {"pypi.org", "files.pythonhosted.org"}
# Folders that exist where the project is made and nowhere else (written in pieces, since this file is searched too).
PLACES = re.compile(r"(?<![\w.}])/(?:" + "|".join(["wo" + "rk", "ro" + "ot"]) + r")/\w")
EXPOSURE = 20  # tenths: 0 is closed, 100 fully exposed


def lock_faults(lock: Path) -> list[str]:
    """Every address in the lock that is not the public index's: a local mirror's would fail anywhere else."""
    faults = []
    for number, line in enumerate(lock.read_text().splitlines(), 1):
        hosts = set(re.findall(r"https?://([^/\"']+)", line)) - INDEX_HOSTS
        if hosts or "file://" in line:
            faults.append(f"{lock.name}:{number}: not the public index: {line.strip():.120}")
    return faults


def place_faults(files: list[Path]) -> list[str]:
    """Absolute paths that hold on one machine only."""
    faults = []
    for file in files:
        try:
            lines = file.read_text().splitlines()
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue  # a picture, or removed but not yet committed
        faults += [f"{file}:{n}: {line.strip():.120}" for n, line in enumerate(lines, 1) if PLACES.search(line)]
    return faults


def unit_faults(units: list[Path]) -> list[str]:
    """What systemd says about the units. It only warns about an unknown key: any word of it is a fault here."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        print("systemd-analyze is not installed: units not checked", file=sys.stderr)
        return []
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        for unit in units:
            # A template is checked as one of its instances, and the program stands for one that is not installed here.
            copy = Path(folder) / unit.name.replace("@.", "@one.")
            copy.write_text(re.sub(r"^(Exec\w+=)\S+", r"\1/bin/true", unit.read_text(), flags=re.MULTILINE))
            for command in (
                [analyze, "verify", "--man=no", "--recursive-errors=no", str(copy)],
                [analyze, "security", "--offline=yes", "--no-pager", f"--threshold={EXPOSURE}", str(copy)],
            ):
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode or done.stderr.strip():
                    last = done.stderr.strip() or done.stdout.strip().splitlines()[-1]
                    faults.append(f"{unit.name}: {command[1]}: {last}")
    return faults


# --- tests that a busy machine makes fail ----------------------------------------------------------------------------

CLOCKS = {"time", "monotonic", "perf_counter", "process_time", "thread_time"}
LEAST_PATIENCE_S = 10  # what is only ever waited for by a test that is going to fail
# The ways in which tests wait; and a loop whose clock jumps from timer to timer, where no time passes.
WAYS_TO_WAIT = ("tests/waiting.py", "tests/sim/")
# File → how often, and why it is not the kind. The list only gets shorter.
TIMED: dict[str, tuple[int, str]] = {
    "tests/central/kernel/works.py": (1, "hangs for ever, to be ended"),
    "tests/central/reports/test_live_page.py": (
        2,
        "drawings have a least distance in time: the longer it took, the more may be",
    ),
    "tests/edge/kiosk/test_payment.py": (1, "the process dies at some moment or other, and each must be honest"),
    "tests/shared/runtime/test_tasks.py": (1, "says when work began, and judges nothing by it"),
}


def wait_faults(file: Path) -> list[str]:
    """Where a test waits for a length of time, asks a clock, or has less patience than a busy machine needs. A wait
    within a `while` looks for a condition."""
    tree = ast.parse(file.read_text())
    above = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    faults = []
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="asyncio" | "time"), attr="sleep"), args=[seconds]):
                zero = isinstance(seconds, ast.Constant) and seconds.value == 0
                fault = "" if zero or _in_while(node, above) else "waits for a length of time"
            case ast.Call(func=ast.Attribute(attr="wait_for_timeout")):
                fault = "waits for a length of time"
            case ast.Call(func=ast.Attribute(value=ast.Name(id="time"), attr=clock)) if (
                clock.removesuffix("_ns") in CLOCKS
            ):
                fault = "asks a clock"
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="asyncio"), attr="timeout" | "wait_for"), args=[*_, most]
            ):
                patience = most.value if isinstance(most, ast.Constant) else None
                short = isinstance(patience, int | float) and patience < LEAST_PATIENCE_S
                fault = "has little patience" if short else ""
            case _:
                continue
        if fault:
            faults.append(f"{file}:{node.lineno}: {fault}: {ast.unparse(node):.80}")
    return faults


def _in_while(node: ast.AST, above: dict[ast.AST, ast.AST]) -> bool:
    while node in above and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        node = above[node]
        if isinstance(node, ast.While):
            return True
    return False


def wait_faults_of(files: list[Path]) -> list[str]:
    faults = []
    for file in files:
        name = str(file.relative_to(ROOT)) if file.is_relative_to(ROOT) else str(file)
        if name.startswith(WAYS_TO_WAIT):
            continue
        found, allowed = wait_faults(file), TIMED.get(name, (0, ""))[0]
        faults += beyond(name, found, allowed)
        if len(found) > allowed:
            faults.append("  wait for a condition (tests/waiting.py), or prove an absence by what comes after it")
    return faults


def beyond(name: str, found: list[str], allowed: int) -> list[str]:
    """The faults, where there are more than a list allows; where there are fewer, that the list is too long."""
    if len(found) < allowed:
        return [f"{name}: {len(found)} of {allowed} are left: tools/checks.py lists too many"]
    return found if len(found) > allowed else []


# --- what is referred to is there -----------------------------------------------------------------------------------

# A document by its path from the root or from the file itself, or by its name alone; then perhaps its section.
NAMED = re.compile(r"(?<![\w/.-])((?:\.{1,2}/)*\w[\w./-]*\.md)\b(?:,\s+(?=[A-Z])([^\n]+(?:\n[^\n]+)?))?")
ELSEWHERE = re.compile(r"\bissues?\s+#?\d+", re.IGNORECASE)  # a tracker that is not in the repository
# A module or a test, by any end of its path (`kernel/turns.py`), in a document or in what a module says of itself.
MODULE = re.compile(r"(?<![\w/.*{<-])(?:\.{1,2}/)*((?:\w+/)*[a-z_]\w*\.py)\b(?![\w(])")
SAYS = re.compile(r'"""[\s\S]*?"""|#[^\n]*')
AS_IT_WAS = ("docs/decisions.md", "CHANGELOG.md", "central/kernel/migrations/versions/")  # names of their day
PUNCTUATION = "\"'`)].,:;"
DECISION = re.compile(r"\bdecision\s+(\d+)", re.IGNORECASE)
# Tests of these very checks name what is not there; other people's code has documents of its own.
FREE = ("tests/frame/test_checks.py", "tests/frame/test_docs.py", "tests/vendor/", "uv.lock")


def reference_faults(files: list[Path]) -> list[str]:
    """What a reader would look for in vain."""
    documents = [file for file in tracked_files() if file.suffix == ".md"]
    paths = [file.relative_to(ROOT).parts for file in tracked_files()]
    ends = {"/".join(path[n:]) for path in paths for n in range(len(path))}
    decided = set(re.findall(r"^### (\d+)\.", (ROOT / "docs" / "decisions.md").read_text(), re.MULTILINE))
    faults = []
    for file in files:
        try:
            text = file.read_text()
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
        found = [(at.start(), at[0], "belongs to no document here") for at in ELSEWHERE.finditer(text)]
        found += [(at.start(), at[0], "was not taken") for at in DECISION.finditer(text) if at[1] not in decided]
        for at in NAMED.finditer(text):
            named = next((each for each in (ROOT / at[1], file.parent / at[1]) if each.exists()), None)
            if named is None and "/" not in at[1]:
                named = next((each for each in documents if each.name == at[1]), None)
            if named is None:
                found.append((at.start(), at[1], "is not here"))
            elif file.suffix == ".py" and at[2] and not _has_section(named, at[2]):
                found.append((at.start(), f"{at[1]}, {at[2].split()[0].rstrip(PUNCTUATION)}", "is no section of it"))
        found += [(where, named, "is not here") for where, named in _modules(file, text) if named not in ends]
        faults += [f"{file}:{text.count(chr(10), 0, where) + 1}: {what} {why}" for where, what, why in sorted(found)]
    return faults


def _modules(file: Path, text: str) -> list[tuple[int, str]]:
    """The modules that a file's words name, and where: all of a document's, of Python what explains it."""
    if str(file.resolve()).startswith(tuple(str(ROOT / each) for each in AS_IT_WAS)):
        return []
    said = SAYS.finditer(text) if file.suffix == ".py" else [re.match(r"[\s\S]*", text)]
    return [(part.start() + at.start(), at[1]) for part in said if part for at in MODULE.finditer(part[0])]


def _has_section(document: Path, said: str) -> bool:
    """Whether the words begin with a heading of the document, or with the number of a rule (R3) that stands in it."""
    said, text = " ".join(said.split()), document.read_text()
    if rule := re.match(r"[A-Z]\d+\b", said):
        return re.search(rf"\b{rule[0]}\b", text) is not None
    return said.startswith(tuple(re.findall(r"^#+ (.+)$", text, re.MULTILINE)))


# --- statements keep to the order of the areas -----------------------------------------------------------------------

DECLARES = re.compile(r"(?:@entity\(|\bTable\()\s*\"([a-z_]+)\"")
WANTS_TABLE = re.compile(r"(?:\b(?:FROM|JOIN|INTO)|\AUPDATE)\s+(?:\w+\s*,\s*)*\"?\Z", re.IGNORECASE)
# Where an area may name tables of those before it: its named reads, its commands, and what must hold of the books.
NAMED_READS = re.compile(r"(.*_)?(reads|checks)\.py|ops\.py")
TOP = "areas.py"
CONFIG = "config"  # what the file of the configuration says, which every area reads its part of
WIDE = 5  # columns that a statement's rows are not taken apart into by their order
# Table → what of its area is asked instead: no other area names it, not even in its named reads.
ASKED_ONLY = {"price": "central/pricing/reads.py, cells and prices_in"}
# "This seat is somebody's", for any statement, stands in one place.
SEAT_IS_TAKEN = re.compile(
    r"\bjoin\s+allocation\s+(?:as\s+)?(?P<joined>\w+)\s+on\b(?:(?!\b(?:join|where)\b)[^)])*\b(?P=joined)\.seat_id\b"
    r"|\bfrom\s+allocation\s+(?:as\s+)?(?P<named>\w+)\b[^)]*\b(?P=named)\.seat_id\s*="
    r"|\bfrom\s+allocation\s+where\b[^)]*\bseat_id\s*=|\bstate\s*(?:<>|!=)\s*'released'",
    re.IGNORECASE,
)
SAYS_TAKEN = "central/inventory/model.py"
# What a column of an enum is compared with is that enum's: `state = '{HoldState.ACTIVE}'`, `state = :state`.
SPELT = re.compile(r"(\w+|\))\s*(?:=|<>|!=|\bIN\s*\()\s*'([a-z_]+)'", re.IGNORECASE)
NOT_OF_AN_ENUM = {"entity", "action", "type"}  # tables, and what is done to a row; what a database says of itself


def _spelt(node: ast.Constant, name: str) -> list[str]:
    spelt = [word for column, word in SPELT.findall(_text(node)) if column not in NOT_OF_AN_ENUM]
    return [f"{name}:{node.lineno}: '{word}' is spelt where its enum has it" for word in spelt]


def sql_faults(root: Path) -> list[str]:
    """Statements, imports, references and calls of `root`/central that name something of a later area, as
    central/areas.py orders them; statements, and conditions on an entity (`read.find(Site, "WHERE …")`), with a table
    of an earlier area outside of the named reads and the commands; tables whose names are worked out; and rows that are
    taken apart, or made things of, by the order of their columns. An area writes its own tables only (tools/writes.py);
    some are named by their area alone (`ASKED_ONLY`); that a seat is taken is said once, and no word of an
    enum is spelt. The kernel's tables are
    everybody's; what stands in no area's folder stands above all. Kernel and web know areas' tables by their
    declarations alone, and may work out any."""
    areas = order_of_areas(root)
    order = {name: n for n, name in enumerate(["kernel", "web", *areas, TOP])}
    files = {
        file: part if (part := file.relative_to(root / "central").with_suffix("").parts[0]) in order else TOP
        for file in sorted((root / "central").rglob("*.py"))
        if "migrations" not in file.parts
    }
    texts = {file: file.read_text() for file in files}
    trees = {file: ast.parse(text) for file, text in texts.items()}
    home = {table: area for file, area in files.items() for table in DECLARES.findall(texts[file])}
    takers = {"Ref", "Link"}.union(*(_takers(tree, {"table": "str"}, {"entity": "str"}) for tree in trees.values()))
    askers = _askers(trees.values())
    writers = _askers(trees.values(), writes.OF_KIND)
    tables = dict(pair for tree in trees.values() for pair in _kinds_declared(tree))
    known, wide = writes.known(trees.values(), tables), _wide_kinds(trees.values())
    excused = set[tuple[str, str]]()
    faults = []
    for file, area in files.items():
        name = str(file.relative_to(root))
        tree = trees[file]
        rows, row = _rows_kept(tree)
        kinds = _kinds_called(tree, tables)
        in_order = {ast.unparse(each.args[0]) for each in writes.nodes(tree) if _is_call(each, "columns") and each.args}
        for table, line in _written(tree, known, kinds, writers):
            if (whose := home.get(table, area)) in (area, "kernel"):
                continue
            if order[whose] > order[area]:
                faults.append(f"{name}:{line}: {table} is {whose}'s, which stands after {area}")
            elif (area, table) in writes.WRITTEN_BY_OTHERS:
                excused.add((area, table))
            else:
                faults.append(f"{name}:{line}: {table} is {whose}'s, which alone writes it")
        for node in writes.nodes(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                later = [each for each in _areas_imported(node) - {CONFIG} if order.get(each, order[TOP]) > order[area]]
                faults += [f"{name}:{node.lineno}: imports {each}, which stands after {area}" for each in later]
            elif isinstance(node, ast.expr) and (named := _tables_named(_text(node)) or _asked_of(node, askers, kinds)):
                for table in named:
                    whose = home.get(table, area)
                    if order[whose] > order[area]:
                        faults.append(f"{name}:{node.lineno}: {table} is {whose}'s, which stands after {area}")
                    elif whose not in (area, "kernel") and table in ASKED_ONLY:
                        faults.append(f"{name}:{node.lineno}: {table} is {whose}'s alone: ask {ASKED_ONLY[table]}")
                    elif whose not in (area, "kernel") and not NAMED_READS.fullmatch(file.name):
                        faults.append(f"{name}:{node.lineno}: {table} is {whose}'s: read it by name in reads.py")
            elif taken := _taken_apart(node, rows, row):
                faults.append(f"{name}:{taken.lineno}: a wide row is taken apart by the order of its columns")
            elif (made := _made_in_order(node)) and (kind := made.id) in wide - in_order:
                faults.append(
                    f"{name}:{made.lineno}: {kind} is made of a row whose columns `columns({kind}, …)` does not say"
                )
            if isinstance(node, ast.Constant):
                faults += _spelt(node, name)
            if isinstance(node, ast.expr) and name != SAYS_TAKEN and SEAT_IS_TAKEN.search(_text(node)):
                faults.append(
                    f"{name}:{node.lineno}: who has a seat is said by {SAYS_TAKEN}: taken_by, has_seat, TAKEN"
                )
            if area in areas and (worked_out := _table_worked_out(node)):
                table = ast.unparse(worked_out)
                faults.append(f"{name}:{worked_out.lineno}: a table's name is worked out: {table:.80}")
            for table, line in _given_to(node, takers):
                if order[whose := home.get(table, area)] > order[area]:
                    faults.append(f"{name}:{line}: {table} is {whose}'s, which stands after {area}")
    for beside in (file for part in ("edge", "shared") for file in sorted((root / part).rglob("*.py"))):
        for node in ast.walk(ast.parse(beside.read_text())):
            if isinstance(node, ast.Constant):
                faults += _spelt(node, str(beside.relative_to(root)))
    for area, table in writes.WRITTEN_BY_OTHERS.keys() - excused:
        if area in areas:
            faults.append(f"{area} does not write {table}: tools/writes.py lists too many")
    return list(dict.fromkeys(faults))  # a table of a declaration is given as well as asked of


def _written(
    tree: ast.AST, known: writes.Known, kinds: dict[str, list[str]], writers: "Askers"
) -> Iterator[tuple[str, int]]:
    """Tables that a module writes, by statements and by a transaction's methods, with their lines."""
    for node in writes.nodes(tree):
        if isinstance(node, ast.expr):
            said = [each.name for each in tables_in(_text(node)) if each.written] if is_statement(_text(node)) else []
            yield from ((table, node.lineno) for table in said or _asked_of(node, writers, kinds))
    for call, handed in writes.written(tree, known, kinds):
        yield from ((table, call.lineno) for table in sorted(handed))


def order_of_areas(root: Path) -> list[str]:
    """The names in `AREAS = (organisation.AREA, …)`."""
    tree = ast.parse((root / "central" / "areas.py").read_text())
    return [
        each.value.id
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "AREAS" and isinstance(node.value, ast.Tuple)
        for each in node.value.elts
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name)
    ]


def _tables_named(text: str) -> list[str]:
    return [each.name for each in tables_in(text)] if is_statement(text) else []


def _areas_imported(node: ast.Import | ast.ImportFrom) -> set[str]:
    """`from central.orders.ops import …`, `from central import orders`, `import central.orders.ops`"""
    modules = [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        modules = [f"{node.module}.{name}" for name in modules]
    return {module.split(".")[1] for module in modules if module.startswith("central.")}


def _table_worked_out(node: ast.AST) -> ast.expr | None:
    """`f"… FROM {table}"`, `"… FROM " + table`, `" ".join(["… FROM", table])`, `"… FROM {}"`, `"… FROM %s"`: what
    stands for the table, but for the name of a declaration."""
    for before, table in _put_together(node):
        if WANTS_TABLE.search(before) and is_statement(before) and ast.unparse(table) != "declaration.name":
            return table
    return None


def _put_together(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """What a text is put together of: words, and what is put behind them."""
    match node:
        case ast.JoinedStr(values=parts):
            for before, after in pairwise(parts):
                yield _text(before), after.value if isinstance(after, ast.FormattedValue) else after
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield _text(left.right if isinstance(left, ast.BinOp) else left), right
        case ast.Constant(value=str(text)) as whole:  # to be filled by `.format` or by `%`, here or elsewhere
            yield from ((text[: at.start()], whole) for at in re.finditer(r"\{|%[(s]", text))
        case ast.Call(
            func=ast.Attribute(value=ast.Constant(value=str(between)), attr="join"),
            args=[ast.List(elts=parts) | ast.Tuple(elts=parts)],
        ):
            yield from ((_text(before) + between, after) for before, after in pairwise(parts))


def _text(node: ast.AST) -> str:
    """A text, also one with words of enums in it (`{HoldState.ACTIVE}`): each stands as its word."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts) if all(map(_word_of, parts)):
            return "".join(map(_word_of, parts))
    return ""


def _word_of(part: ast.expr) -> str:
    match part:
        case ast.Constant(value=str(text)):
            return text
        case ast.FormattedValue(value=ast.Attribute(value=ast.Name(), attr=word)) if word.isupper():
            return word.lower()
    return ""


def _takers(tree: ast.AST, *parameters: dict[str, str]) -> set[str]:
    """Functions that have all of some of these parameters (`table: str`)."""
    return {
        node.name
        for node in writes.nodes(tree)
        if isinstance(node, FUNCTIONS) and any(some.items() <= _parameters(node).items() for some in parameters)
    }


def _kinds_declared(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Entities, with their tables."""
    for node in writes.nodes(tree):
        match node:
            case ast.ClassDef(name=kind, decorator_list=decorators):
                for each in decorators:
                    match each:
                        case ast.Call(func=ast.Name(id="entity"), args=[ast.Constant(value=str(table)), *_]):
                            yield kind, table


def _kinds_called(tree: ast.AST, tables: dict[str, str]) -> dict[str, list[str]]:
    """What a module calls entities (also `import Site as S`, `KINDS = (Site, Space)`, `for kind in KINDS`), with their
    tables."""
    called = {kind: [table] for kind, table in tables.items()}
    for node in writes.nodes(tree):
        match node:
            case ast.alias(name=name, asname=str(other)) if name in tables:
                called[other] = [tables[name]]
            case ast.Assign(targets=[ast.Name(id=other)], value=many) if kinds := _among(many, called):
                called[other] = kinds
    for node in writes.nodes(tree):
        match node:
            case (
                ast.For(target=ast.Name(id=other), iter=many) | ast.comprehension(target=ast.Name(id=other), iter=many)
            ) if kinds := _among(many, called):
                called[other] = kinds
    return called


def _among(many: ast.expr, called: Mapping[str, list[str]]) -> list[str]:
    match many:
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return [table for each in parts if isinstance(each, ast.Name) for table in called.get(each.id, ())]
        case ast.Name(id=name):
            return list(called.get(name, ()))
    return []


Askers = Mapping[str, tuple[int, str]]
"""Function → where it takes the entity of which it asks or writes many rows: at which position, under which name."""


def _askers(trees: Iterable[ast.AST], called: Collection[str] = ()) -> Askers:
    """Those that say so (`kind: type[E]` with a condition, rows or ids; or that are called so), and whoever hands a
    parameter on to one."""
    functions = [
        (node, _parameters(node)) for tree in trees for node in writes.nodes(tree) if isinstance(node, FUNCTIONS)
    ]
    found = {
        node.name: (list(taken).index("kind"), "kind")
        for node, taken in functions
        if taken.get("kind") == "type" and (node.name in called if called else {"where", "rows", "ids"} & taken.keys())
    }
    handing = [  # only who takes something under the name that it hands on can be one
        (node.name, taken, calls)
        for node, taken in functions
        if node.name not in BY_ID and (calls := [each for each in writes.nodes(node) if _hands_on(each, taken)])
    ]
    more = True
    while more:
        more = False
        for name, taken, calls in handing:
            given = [each.id for call in calls if isinstance(each := _entity_given(call, found), ast.Name)]
            for one in [each for each in given if each in taken][:1] if name not in found else ():
                found[name], more = (list(taken).index(one), one), True
    return found


def _hands_on(node: ast.AST, taken: Mapping[str, str]) -> bool:
    if not isinstance(node, ast.Call):
        return False
    given = (*node.args, *(each.value for each in node.keywords))
    return any(isinstance(each, ast.Name) and each.id in taken for each in given)


BY_ID = {"get", "get_locked"}  # which anybody may ask for
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, str]:
    """With their types, without what they hold; without `self`."""
    return {
        each.arg: ast.unparse(each.annotation).partition("[")[0] if each.annotation else ""
        for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        if each.arg not in ("self", "cls")
    }


def _entity_given(node: ast.AST, askers: Askers) -> ast.expr | None:
    """The entity in `read.find(Site, …)`, `changed(tx, kind=Site)`, `partial(read.find, Site)`."""
    match node:
        case ast.Call(func=ast.Name(id="partial"), args=[ast.Attribute(attr=how) | ast.Name(id=how), *args]):
            keywords = node.keywords
        case ast.Call(func=ast.Attribute(attr=how) | ast.Name(id=how), args=args, keywords=keywords):
            pass
        case _:
            return None
    if how not in askers:
        return None
    at, name = askers[how]
    named = next((each.value for each in keywords if each.arg == name), None)
    return named or (args[at] if at < len(args) else None)


def _asked_of(node: ast.AST, askers: Askers, kinds: dict[str, list[str]]) -> list[str]:
    """The table in `read.find(Site, "WHERE …")`, `tx.remove(BY_NAME["site"].kind, "WHERE …")`."""
    match _entity_given(node, askers):
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in kinds:
            return kinds[name]
        case ast.IfExp(body=ast.Name(id=one), orelse=ast.Name(id=other)):
            return [*kinds.get(one, ()), *kinds.get(other, ())]
        case ast.Attribute(value=declaration, attr="kind"):
            return [_declared(declaration)] if _declared(declaration) else []
    return []


def _declared(node: ast.AST) -> str:
    """The table in `BY_NAME["site"]`, `BY_NAME.get("site")`."""
    match node:
        case (
            ast.Subscript(value=ast.Name(id="BY_NAME"), slice=name)
            | ast.Call(func=ast.Attribute(value=ast.Name(id="BY_NAME"), attr="get"), args=[name, *_])
        ):
            return _text(name)
    return ""


def _given_to(node: ast.AST, takers: set[str]) -> list[tuple[str, int]]:
    """The constants in `is_there(read, "sale_order", …)`, `Ref("sale_order")`, `BY_NAME["sale_order"]`, with their
    lines."""
    match node:
        case ast.Subscript() | ast.Call() if table := _declared(node):
            return [(table, node.lineno)]
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args, keywords=keywords) if (
            name in takers
        ):
            given = [*args, *(each.value for each in keywords)]
            return [(text, each.lineno) for each in given if (text := _text(each))]
    return []


def _rows_kept(tree: ast.AST) -> tuple[set[str], set[str]]:
    """What a module calls the rows of a statement (`rows = read.run(…)`) and one of them (`row = read.one(…)`,
    `for each in read.run(…)`; what is called `row` is one wherever it comes from)."""
    rows, row = set[str](), {"row"}
    for node in writes.nodes(tree):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Attribute(attr="run" | "one" as how)))
                | ast.NamedExpr(target=ast.Name(id=name), value=ast.Call(func=ast.Attribute(attr="run" | "one" as how)))
            ):
                (rows if how == "run" else row).add(name)
            case (
                ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Attribute(attr="run")))
                | ast.comprehension(target=ast.Name(id=name), iter=ast.Call(func=ast.Attribute(attr="run")))
            ):
                row.add(name)
    for node in writes.nodes(tree):
        match node:
            case (
                ast.For(target=ast.Name(id=name), iter=ast.Name(id=many))
                | ast.comprehension(target=ast.Name(id=name), iter=ast.Name(id=many))
            ) if many in rows:
                row.add(name)
    return rows, row


def _taken_apart(node: ast.AST, rows: set[str], row: set[str]) -> ast.expr | None:
    """`for a, b, c, d, e in read.run(…)`, `a, b, c, d, e = read.one(…)`, `row[4]`, `row[-1]`, `row[:-4]`,
    `for *_, a in rows`, `key=lambda each: each[4]`, `itemgetter(4)`: where it is done."""
    match node:
        case (
            ast.For(target=ast.Tuple() as names, iter=many) | ast.comprehension(target=ast.Tuple() as names, iter=many)
        ):
            if _from_the_end(names):
                return names if _is(many, "run", {*rows, "rows"}) else None
            return names if _wide(names) and _is(many, "run", rows) else None
        case ast.Assign(targets=[ast.Tuple() as names], value=one):
            return names if (_wide(names) or _from_the_end(names)) and _is_row(one, rows, row) else None
        case ast.Subscript(value=one, slice=ast.Slice(lower=lower, upper=upper)):
            return node if (_far(lower, WIDE) or _far(upper, WIDE)) and _is_row(one, rows, row) else None
        case ast.Subscript(value=one, slice=at):
            return node if _far(at, WIDE - 1) and _is_row(one, rows, row) else None
        case ast.Lambda(args=ast.arguments(args=[ast.arg(arg=name)]), body=body):
            found = (each for each in ast.walk(body) if isinstance(each, ast.Subscript))
            return next((each for each in found if _is(each.value, "", {name}) and _far(each.slice, WIDE - 1, 0)), None)
        case ast.Call(func=ast.Name(id="itemgetter") | ast.Attribute(attr="itemgetter"), args=args):
            return next((each for each in args if _far(each, WIDE - 1)), None)
    return None


def _far(at: ast.expr | None, least: int, from_end: int = 1) -> bool:
    """Whether it is a place that far from the beginning, or one counted from the end."""
    match at:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int())):
            return from_end > 0
        case ast.Constant(value=int(n)):
            return n >= least
    return False


def _made_in_order(node: ast.AST) -> ast.Name | None:
    """The kind in `Kind(*row)`."""
    match node:
        case ast.Call(func=ast.Name() as kind, args=[ast.Starred()]):
            return kind
    return None


def _wide_kinds(trees: Iterable[ast.AST]) -> set[str]:
    """Classes with so many fields that must be given, those of what they are made from included."""
    classes = {node.name: node for tree in trees for node in writes.nodes(tree) if isinstance(node, ast.ClassDef)}

    def fields_of(name: str) -> int:
        if name not in classes:
            return 0
        own = [each for each in classes[name].body if isinstance(each, ast.AnnAssign) and each.value is None]
        return len(own) + sum(fields_of(ast.unparse(each)) for each in classes[name].bases if ast.unparse(each) != name)

    return {name for name in classes if fields_of(name) >= WIDE}


def _is_call(node: ast.AST, called: str) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == called


def _wide(names: ast.Tuple) -> bool:
    return len([each for each in names.elts if not isinstance(each, ast.Starred)]) >= WIDE


def _from_the_end(names: ast.Tuple) -> bool:
    """`*_, a, b`"""
    return any(isinstance(each, ast.Starred) for each in names.elts[:-1])


def _is_row(node: ast.expr, rows: set[str], row: set[str]) -> bool:
    """Of a statement that has one, or `read.run(…)[0]`."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return _is(node.value, "run", rows)
    return _is(node, "one", row)


def _is(node: ast.expr, how: str, names: set[str]) -> bool:
    """Whether it is the call itself, or what it gave under a name."""
    match node:
        case ast.Call(func=ast.Attribute(attr=called)):
            return called == how
        case ast.Name(id=name):
            return name in names
    return False


# --- names and lengths ------------------------------------------------------------------------------------------------

PACKAGES = ("central", "edge", "shared")
MOST_LINES = 400
# Module → how many lines it may have. The list only gets shorter, and its numbers smaller.
LONG: dict[str, int] = {
    "central/kernel/entity.py": 480,
    "central/kernel/tx.py": 490,
    "edge/kiosk/store.py": 440,
    "edge/kiosk/shell.py": 430,
    "shared/rules/access.py": 560,
}
# Classes of `shared` of whose name central or edge has one, too. The list only gets shorter.
TWICE: set[str] = set()
# Functions of one name, of which other areas or devices import two or more. The list only gets shorter.
NAMED_TWICE: set[str] = set()
DRAWN = "text_table.py"  # written by tools/device_texts.py
# What tests and the simulation read of a device or of a declaration, and nothing else does.
FOR_TESTS = {"chain_faults", "check_of"}
# The words that modules are called by. No rule can tell a noun, a reader can: a new word is read by somebody, there.
NOUNS = Path("tools/nouns.txt")
ENTITY = re.compile(r'^@entity\(\s*"([a-z_]+)"', re.MULTILINE)


def tidy_faults(root: Path) -> list[str]:
    """Where a reader has to ask which of two is meant, what for, or where in it."""
    modules = [
        file for name in PACKAGES for file in sorted((root / name).rglob("*.py")) if "migrations" not in file.parts
    ]
    texts = {file: file.read_text() for file in modules}
    users = [
        file for each in ("parterre", "tools", "benchmarks") for file in (root / each).rglob("*") if file.is_file()
    ]
    users += [*(root / "central").rglob("*.html"), root / "pyproject.toml"]
    said = [*texts.values(), *(file.read_text(errors="ignore") for file in users if file.suffix != ".pyc")]
    words = Counter(word for text in said for word in re.findall(r"\w+", text))
    faults, classes = [], dict[tuple[str, str], str]()
    for file, text in texts.items():
        name = str(file.relative_to(root))
        for node in ast.parse(text).body:
            if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            at = f"{name}:{node.lineno}: {node.name}"
            if isinstance(node, ast.ClassDef):
                other = classes.setdefault((file.relative_to(root).parts[0], node.name), at)
                if other != at:
                    faults.append(f"{at} is called like {other.rpartition(':')[0]}")
            if words[node.name] == 1 and not node.decorator_list and node.name not in FOR_TESTS:
                faults.append(f"{at} is used by nothing")
        lines, most = text.count("\n"), LONG.get(name, MOST_LINES)
        if file.name != DRAWN and lines > most:
            faults.append(f"{name}: {lines} lines are more than {most}")
        elif name in LONG and lines <= MOST_LINES:
            faults.append(f"{name}: {lines} lines are few enough: tools/checks.py lists too many")
    return faults + _not_by_nouns(root) + _said_twice(classes) + _imported_twice(root, texts)


def _not_by_nouns(root: Path) -> list[str]:
    """Modules whose names are not made of the nouns that there are: those of the list, and what entities are called."""
    words = {line for line in (ROOT / NOUNS).read_text().split("\n") if line and not line.startswith("#")}
    pairs = {word: word.replace("_", "-") for word in words if "_" in word[:-1]}  # `sign_in`: one noun
    modules = [
        *(file for name in (*PACKAGES, "parterre") for file in (root / name).rglob("*.py")
          if "migrations" not in file.parts and not file.stem.startswith("__")),
        *(root / "tools").glob("*.py"),
    ]  # fmt: skip
    entities = {name.rpartition("_")[2] for file in modules for name in ENTITY.findall(file.read_text())}
    known = words | entities | {f"{word}s" for word in entities}
    faults, used = [], set[str]()
    for file in sorted(modules):
        stem = file.stem
        for pair, whole in pairs.items():
            stem = stem.replace(pair, whole)
        *before, last = (word.replace("-", "_") for word in stem.split("_"))
        called = [last, *(word if word in known else f"{word}_" for word in before)]
        used.update(called)
        faults += [
            f"{file.relative_to(root)}: a module is called by a noun, and {word.rstrip('_')!r} is none of {NOUNS}"
            for word in called if word not in known
        ]  # fmt: skip
    unused = sorted(words - used) if root == ROOT else []
    return faults + [f"{NOUNS}: no module is called by {word!r}" for word in unused]


def _imported_twice(root: Path, texts: Mapping[Path, str]) -> list[str]:
    """A function that others import is called by its name far from its module: there it says what it is, or there is
    another. Others are another area or a device's folder; `shared` is one, which all of them read."""
    functions, imported = set[tuple[str, str]](), dict[str, set[str]]()
    for file, text in texts.items():
        module = ".".join(file.relative_to(root).with_suffix("").parts)
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                functions.add((module, node.name))
            elif isinstance(node, ast.ImportFrom) and _folder(str(node.module)) != _folder(module):
                for each in node.names:
                    imported.setdefault(each.name, set()).add(str(node.module))
    twice = {
        name: sorted(found)
        for name, modules in imported.items()
        if len(found := {each for each in modules if (each, name) in functions}) > 1
    }
    return [
        *(f"{name} is a function of {' and of '.join(found)}" for name, found in sorted(twice.items())
          if name not in NAMED_TWICE),
        *(f"{name}: no two functions are called so: tools/checks.py lists too many" for name in NAMED_TWICE - {*twice}),
    ]  # fmt: skip


def _folder(module: str) -> list[str]:
    """Of whom a module is: an area of central, a device, or all of shared."""
    parts = module.split(".")
    return parts[:1] if parts[0] == "shared" else parts[:2]


def _said_twice(classes: dict[tuple[str, str], str]) -> list[str]:
    """`classes`: (package, name) → where. Who reads central or edge reads shared beside it."""
    twice = {
        name: f"{at} is called like {classes['shared', name].rpartition(':')[0]}"
        for (package, name), at in classes.items() if package != "shared" and ("shared", name) in classes
    }  # fmt: skip
    return [
        *(fault for name, fault in twice.items() if name not in TWICE),
        *(f"{name}: no two classes are called so: tools/checks.py lists too many" for name in sorted(TWICE - {*twice})),
    ]


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.splitlines()]


def main(kind: str, names: list[str]) -> int:
    given = [Path(name) for name in names]
    match kind:
        case "lock":
            faults = [fault for lock in given or [ROOT / "uv.lock"] for fault in lock_faults(lock)]
        case "places":
            faults = place_faults(given or tracked_files())
        case "units":
            faults = unit_faults(given or sorted((ROOT / "systemd").glob("*.service")))
        case "waits":
            faults = wait_faults_of(given or sorted((ROOT / "tests").rglob("*.py")))
        case "sql":
            faults = sql_faults(given[0] if given else ROOT)
        case "tidy":
            faults = tidy_faults(given[0] if given else ROOT)
        case "references":
            ours = [file for file in tracked_files() if not str(file.relative_to(ROOT)).startswith(FREE)]
            faults = reference_faults(given or ours)
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "", sys.argv[2:]))
