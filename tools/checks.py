"""Checks that no ready-made tool does: the lock's addresses, places of one machine in files, systemd units, tests that
fail when the machine is busy, references that lead nowhere, statements that go against the order of the areas.

    tools/checks.py lock [FILE…]      tools/checks.py places [FILE…]      tools/checks.py units [FILE…]
    tools/checks.py waits [FILE…]     tests that wait for a length of time, or judge one
    tools/checks.py references [FILE…]   documents, sections and decisions that are named and not there
    tools/checks.py sql [FOLDER]      statements and imports that name what is of an area that stands after theirs
    tools/checks.py tidy [FOLDER]     classes of one name, what nothing uses, long modules, modules that are no nouns

Each fault is a line; the exit code says whether there were any.
"""

import ast
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
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
    "tests/central/web/test_live.py": (
        2,
        "drawings have a least distance in time: the longer it took, the more may be",
    ),
    "tests/central/web/test_openapi.py": (2, "how many tries are made fits the time there is; none is judged by it"),
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
        if len(found) > allowed:
            faults += [*found, "  wait for a condition (tests/waiting.py), or prove an absence by what comes after it"]
        elif len(found) < allowed:
            faults.append(f"{name}: {len(found)} of {allowed} are left: tools/checks.py lists too many")
    return faults


# --- what is referred to is there -----------------------------------------------------------------------------------

# A document by its path from the root or from the file itself, or by its name alone; then perhaps its section.
NAMED = re.compile(r"(?<![\w/.-])((?:\.{1,2}/)*\w[\w./-]*\.md)\b(?:,\s+(?=[A-Z])([^\n]+(?:\n[^\n]+)?))?")
ELSEWHERE = re.compile(r"\bissues?\s+#?\d+", re.IGNORECASE)  # a tracker that is not in the repository
PUNCTUATION = "\"'`)].,:;"
DECISION = re.compile(r"\bdecision\s+(\d+)", re.IGNORECASE)
# Tests of these very checks name what is not there; other people's code has documents of its own.
FREE = ("tests/frame/test_checks.py", "tests/frame/test_docs.py", "tests/vendor/", "uv.lock")


def reference_faults(files: list[Path]) -> list[str]:
    """What a reader would look for in vain."""
    documents = [file for file in tracked_files() if file.suffix == ".md"]
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
        faults += [f"{file}:{text.count(chr(10), 0, where) + 1}: {what} {why}" for where, what, why in sorted(found)]
    return faults


def _has_section(document: Path, said: str) -> bool:
    """Whether the words begin with a heading of the document, or with the number of a rule (R3) that stands in it."""
    said, text = " ".join(said.split()), document.read_text()
    if rule := re.match(r"[A-Z]\d+\b", said):
        return re.search(rf"\b{rule[0]}\b", text) is not None
    return said.startswith(tuple(re.findall(r"^#+ (.+)$", text, re.MULTILINE)))


# --- statements keep to the order of the areas -----------------------------------------------------------------------

DECLARES = re.compile(r"(?:@entity\(|\bTable\()\s*\"([a-z_]+)\"")
_NAMED = r"[a-z_]+(?:\s+(?:as\s+)?\w+)?"
NAMES_TABLES = re.compile(rf"\b(?:from|join|into|update)\s+({_NAMED}(?:\s*,\s*{_NAMED})*)", re.IGNORECASE)
WANTS_TABLE = re.compile(r"(?:\b(?:FROM|JOIN|INTO)|\AUPDATE)\s+(?:\w+\s*,\s*)*\Z")
# In small letters a sentence for people reads the same: a statement is then what begins like one.
STATEMENT = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE)\b|\A\W*(?i:select|insert|update|delete|with)\s")

# Where an area may name tables of those before it: its named reads, and its commands.
NAMED_READS = re.compile(r"(.*_)?reads\.py|ops\.py")
# File → why its statements name tables of other areas all the same. The list only gets shorter.
READS_ALL: dict[str, str] = {
    "central/house_keys.py": "finds what was sealed under the keys that a folder holds",
    "central/reports/checks.py": "asks of all the books what must always hold: each statement is a check",
    "central/reports/live.py": "an evening as it is, out of all the books, in one look",
}
TOP = "areas.py"
CONFIG = "config"  # what the file of the configuration says, which every area reads its part of
WIDE = 5  # columns that a statement's rows are not taken apart into by their order
# File → how many wide rows it takes apart. The list only gets shorter.
TAKEN_APART: dict[str, int] = {
    "central/kernel/row_proof.py": 1,
    "central/organisation/webhook_events.py": 1,
    "central/reports/live.py": 1,
    "central/venues/plan_actions.py": 2,
    "central/web/history/log.py": 1,
}


def sql_faults(root: Path) -> list[str]:
    """Statements and imports of `root`/central that name something of a later area, as central/areas.py orders them, or
    a table of an earlier area outside of the named reads; tables whose names are worked out; and rows that are taken
    apart by the order of their columns. The kernel's tables are everybody's; what stands in no area's folder stands
    above all. Kernel and web know areas' tables by their declarations alone, and may work out any."""
    areas = order_of_areas(root)
    order = {name: n for n, name in enumerate(["kernel", "web", *areas, TOP])}
    files = {
        file: part if (part := file.relative_to(root / "central").with_suffix("").parts[0]) in order else TOP
        for file in sorted((root / "central").rglob("*.py"))
        if "migrations" not in file.parts
    }
    home = {table: area for file, area in files.items() for table in DECLARES.findall(file.read_text())}
    faults = []
    for file, area in files.items():
        name, others, wide = str(file.relative_to(root)), 0, list[str]()
        tree = ast.parse(file.read_text())
        kept = {target.id for node in ast.walk(tree) for target in _rows_kept(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                later = [each for each in _areas_imported(node) - {CONFIG} if order.get(each, order[TOP]) > order[area]]
                faults += [f"{name}:{node.lineno}: imports {each}, which stands after {area}" for each in later]
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and STATEMENT.search(node.value):
                for table in tables_named(node.value):
                    whose = home.get(table, area)
                    if order[whose] > order[area]:
                        faults.append(f"{name}:{node.lineno}: {table} is {whose}'s, which stands after {area}")
                    elif whose not in (area, "kernel") and not NAMED_READS.fullmatch(file.name):
                        others += 1
                        if name not in READS_ALL:
                            faults.append(f"{name}:{node.lineno}: {table} is {whose}'s: read it by name in reads.py")
            elif area in areas and (worked_out := _table_worked_out(node)):
                faults.append(f"{name}:{worked_out.lineno}: a table's name is worked out: {ast.unparse(worked_out)}")
            elif isinstance(node, ast.For | ast.comprehension) and _takes_apart(node, kept):
                wide.append(f"{name}:{node.target.lineno}: a wide row is taken apart by the order of its columns")
        if name in READS_ALL and not others:
            faults.append(f"{name}: names no table of another area: tools/checks.py lists too many")
        if len(wide) != TAKEN_APART.get(name, 0):
            faults += wide or [f"{name}: takes no wide row apart: tools/checks.py lists too many"]
    return faults


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


def tables_named(statement: str) -> list[str]:
    """What follows FROM, JOIN, INTO and UPDATE, also after a comma."""
    return [each.split()[0] for listed in NAMES_TABLES.findall(statement) for each in listed.split(",")]


def _areas_imported(node: ast.Import | ast.ImportFrom) -> set[str]:
    """`from central.orders.ops import …`, `from central import orders`, `import central.orders.ops`"""
    modules = [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        modules = [f"{node.module}.{name}" for name in modules]
    return {module.split(".")[1] for module in modules if module.startswith("central.")}


def _table_worked_out(node: ast.AST) -> ast.expr | None:
    """`f"… FROM {table}"`, `"… FROM " + table`: what stands for the table, but for the name of a declaration."""
    match node:
        case ast.JoinedStr(values=parts):
            pairs = list(pairwise(parts))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            pairs = [(left, right)]
        case _:
            return None
    for before, after in pairs:
        table = after.value if isinstance(after, ast.FormattedValue) else after
        said = before.value if isinstance(before, ast.Constant) and isinstance(before.value, str) else ""
        if WANTS_TABLE.search(said) and ast.unparse(table) != "declaration.name":
            return table
    return None


def _rows_kept(node: ast.AST) -> list[ast.Name]:
    """`rows = read.run(…)`"""
    match node:
        case ast.Assign(targets=targets, value=ast.Call(func=ast.Attribute(attr="run"))):
            return [target for target in targets if isinstance(target, ast.Name)]
    return []


def _takes_apart(node: ast.For | ast.comprehension, kept: set[str]) -> bool:
    """`for a, b, c, d, e in read.run(…)`, or in rows that were kept under a name."""
    targets = node.target.elts if isinstance(node.target, ast.Tuple) else []
    match node.iter:
        case ast.Call(func=ast.Attribute(attr="run")):
            rows = True
        case ast.Name(id=name):
            rows = name in kept
        case _:
            rows = False
    return rows and len([each for each in targets if not isinstance(each, ast.Starred)]) >= WIDE


# --- names and lengths ------------------------------------------------------------------------------------------------

PACKAGES = ("central", "edge", "shared")
MOST_LINES = 400
# Module → how many lines it may have. The list only gets shorter, and its numbers smaller.
LONG: dict[str, int] = {
    "central/kernel/entity.py": 480,
    "central/kernel/row_proof.py": 410,
    "central/kernel/tx.py": 490,
    "central/orders/ops.py": 440,
    "central/organisation/webhook_events.py": 460,
    "central/venues/planfile_svg.py": 500,
    "central/web/openapi.py": 410,
    "edge/kiosk/store.py": 440,
    "edge/kiosk/till.py": 430,
    "shared/rules/access.py": 560,
    "shared/runtime/broker.py": 480,
}
DRAWN = "said.py"  # written by tools/device_texts.py
# What tests and the simulation read of a device or of a declaration, and nothing else does.
FOR_TESTS = {"chain_faults", "check_of"}
# A module is called by a noun. These end like participles and are nouns.
NOUNS = {"drawing", "evening", "founding", "keyring", "listing", "numbering", "pricing", "printing", "seating",
         "selling"}  # fmt: skip


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
        if file.stem.endswith(("ed", "ing")) and file.stem not in NOUNS:
            faults.append(f"{name}: a module is called by a noun")
    return faults


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
