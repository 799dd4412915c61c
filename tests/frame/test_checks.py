"""The checks that we wrote ourselves find what they are for, and the delivered files pass them."""

import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tools import checks

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "systemd").glob("*.service"))
ROLES = [unit for unit in UNITS if unit.with_suffix(".timer") not in unit.parent.iterdir()]  # what runs for ever
with_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="sudo apt-get install systemd")


def check(kind: str, *files: Path) -> tuple[int, str]:
    """As the program does, without a process for each: exit code and what is printed."""
    with redirect_stdout(StringIO()) as said:
        code = checks.main(kind, [str(file) for file in files])
    return code, said.getvalue().strip()


def test_the_program_says_so_by_its_exit_code(tmp_path: Path) -> None:
    lock = tmp_path / "uv.lock"
    lock.write_text('{ url = "https://mirror.local/b.whl" }\n')
    for asked, code in (("lock", 0), ("lock", 1), ("nothing", 2)):
        command = [sys.executable, ROOT / "tools" / "checks.py", asked, *([lock] if code == 1 else [])]
        assert subprocess.run(command, capture_output=True, check=False).returncode == code


def test_the_lock_names_the_public_index_only(tmp_path: Path) -> None:
    assert check("lock") == (0, "")
    lock = tmp_path / "uv.lock"
    lock.write_text('{ url = "https://files.pythonhosted.org/a.whl" }\n{ url = "https://mirror.local/b.whl" }\n')
    code, said = check("lock", lock)
    assert code == 1
    assert "uv.lock:2: not the public index" in said and "uv.lock:1" not in said


SITE = "from central.venues.things import Site"
OTHERS = "site is venues's, which alone writes it"
ALONE = "price is venues's alone: ask central/pricing/reads.py, cells and prices_in"
SAID_ONCE = "who has a seat is said by central/inventory/model.py: taken_by, has_seat, TAKEN"
IN_ORDER = "a wide row is taken apart by the order of its columns"
TOLD = "class Told:\n" + "".join(f"    {name}: int\n" for name in "abcde")
NOT_SAID = "Told is made of a row whose columns `columns(Told, …)` does not say"


def areas_in(folder: Path) -> None:
    (folder / "central").mkdir()
    (folder / "central" / "areas.py").write_text("AREAS: tuple[Area, ...] = (\n    venues.AREA,\n    orders.AREA,\n)\n")


def test_a_statement_against_the_order_is_found(tmp_path: Path) -> None:
    assert check("sql") == (0, "")
    areas_in(tmp_path)
    for area, text in {
        "orders": '@entity("sale")\nclass A: ...\nx = "SELECT id FROM site JOIN sale"\n',
        "venues": '@entity("site")\nclass B: ...\n"SELECT 1 FROM site"\ny = f"UPDATE sale SET {x}"\n',
    }.items():
        (tmp_path / "central" / area).mkdir(parents=True)
        (tmp_path / "central" / area / "ops.py").write_text(text)
    code, said = check("sql", tmp_path)
    assert (code, said) == (1, "central/venues/ops.py:4: sale is orders's, which stands after venues")


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("reads.py", 'x = "SELECT id FROM site"', ""),
        ("hall_reads.py", 'x = "SELECT id FROM site"', ""),
        ("pages.py", 'x = "SELECT id FROM sale"', ""),
        ("pages.py", 'x = "SELECT id FROM site"', "1: site is venues's: read it by name in reads.py"),
        ("pages.py", 'x = "select id from site"', "1: site is venues's: read it by name in reads.py"),
        ("pages.py", 'x = "SELECT 1 FROM sale s, site AS t"', "1: site is venues's: read it by name in reads.py"),
        ("pages.py", 'x = "sold from site to site"', ""),
        ("../hall.py", 'x = "SELECT id FROM site"', "1: site is venues's: read it by name in reads.py"),
        ("../venues/ops.py", "from central.orders.ops import Sell", "1: imports orders, which stands after venues"),
        ("../venues/ops.py", "from central import orders", "1: imports orders, which stands after venues"),
        ("../venues/ops.py", "import central.orders.ops", "1: imports orders, which stands after venues"),
        ("../venues/ops.py", "from central.hall import Sell", "1: imports hall, which stands after venues"),
        ("../venues/ops.py", "from central.config import Config", ""),
        ("ops.py", "from central.venues.model import Site", ""),
        ("ops.py", 'x = f"SELECT id FROM {table} WHERE id = 1"', "1: a table's name is worked out: table"),
        ("ops.py", 'x = f"SELECT id FROM sale, {table}"', "1: a table's name is worked out: table"),
        ("ops.py", 'x = f"UPDATE {kind.name} SET x = 1"', "1: a table's name is worked out: kind.name"),
        ("ops.py", 'x = "SELECT id FROM " + table', "1: a table's name is worked out: table"),
        ("ops.py", 'x = f"SELECT id FROM {declaration.name}"', ""),
        ("ops.py", 'x = f"SELECT id FROM ({inner}) i"', ""),
        ("../web/rows.py", 'x = f"SELECT id FROM {table}"', ""),
        ("ops.py", 'x = "SELECT " + names + " FROM " + table', "1: a table's name is worked out: table"),
        ("ops.py", 'x = "SELECT id FROM %s" % table', "1: a table's name is worked out: 'SELECT id FROM %s'"),
        ("ops.py", 'x = "SELECT %s" % names', ""),
        ("ops.py", 'x = "SELECT id FROM {}".format(table)', "1: a table's name is worked out: 'SELECT id FROM {}'"),
        ("ops.py", 'SQL = "SELECT id FROM sale, {t}"', "1: a table's name is worked out: 'SELECT id FROM sale, {t}'"),
        ("ops.py", 'x = "SELECT {} FROM sale".format(names)', ""),
        ("ops.py", 'x = " ".join(["SELECT id FROM", table])', "1: a table's name is worked out: table"),
        ("ops.py", 'x = " ".join(("SELECT id FROM", "sale"))', "1: a table's name is worked out: 'sale'"),
        ("ops.py", 'x = " AND ".join(["id = 1", more])', ""),
        ("../venues/ops.py", 'is_there(read, "sale", x)', "1: sale is orders's, which stands after venues"),
        ("../venues/ops.py", 'scope.is_there(read, table="sale")', "1: sale is orders's, which stands after venues"),
        ("../venues/ops.py", 'x: Annotated[Id, Ref("sale")]', "1: sale is orders's, which stands after venues"),
        ("../venues/ops.py", 'x: Annotated[Id, Link("sale")] | None', "1: sale is orders's, which stands after venues"),
        ("../venues/ops.py", 'x: Annotated[Id, Ref("site")]', ""),
        ("../venues/ops.py", 'is_there(read, "site", x)', ""),
        ("../venues/ops.py", 'says("sale")', ""),
        ("ops.py", 'is_there(read, "site", x)\ny: Annotated[Id, Link("site")]', ""),
        ("pages.py", f'{SITE}\nread.find(Site, "WHERE id = :id")', "2: site is venues's: read it by name in reads.py"),
        ("pages.py", f"{SITE}\nread.find(Site)", "2: site is venues's: read it by name in reads.py"),
        (
            "pages.py",
            f"{SITE}\ntx.rewrite(Site, x, y)",
            f"2: {OTHERS}\ncentral/orders/pages.py:2: site is venues's: read it by name in reads.py",
        ),
        ("pages.py", f"{SITE} as Place\nread.find(Place, x)", "2: site is venues's: read it by name in reads.py"),
        ("pages.py", f"{SITE}\nfor k in (Site,): read.find(k, x)", "2: site is venues's: read it by name in reads.py"),
        ("pages.py", f"{SITE}\n[read.find(k) for k in (Site,)]", "2: site is venues's: read it by name in reads.py"),
        ("pages.py", "read.find(things.Site, x)", "1: site is venues's: read it by name in reads.py"),
        ("pages.py", 'read.find(BY_NAME["site"].kind, x)', "1: site is venues's: read it by name in reads.py"),
        ("pages.py", f"{SITE}\nread.get(Site, x)\nfound(Site, x)", ""),
        ("pages.py", f"{SITE}\nread.find(kind=Site)", "2: site is venues's: read it by name in reads.py"),
        ("pages.py", f"{SITE}\npartial(read.find, Site)", "2: site is venues's: read it by name in reads.py"),
        ("pages.py", f"{SITE}\nread.find(Site if x else y)", "2: site is venues's: read it by name in reads.py"),
        (
            "pages.py",
            f"{SITE}\nK = (Site,)\nfor k in K: read.find(k)",
            "3: site is venues's: read it by name in reads.py",
        ),
        (
            "pages.py",
            f"{SITE}\ndef all_of(read, what): return read.find(what)\nall_of(read, Site)",
            "3: site is venues's: read it by name in reads.py",
        ),
        ("pages.py", "from central.orders.things import Sale\ntx.rewrite(Sale, x, y)", ""),
        ("pages.py", 'narrowing(read, BY_NAME["site"])', ""),
        ("reads.py", f"{SITE}\nread.find(Site, x)", ""),
        ("ops.py", f"{SITE}\ntx.rewrite(Site, x, y)", f"2: {OTHERS}"),
        ("ops.py", 'x = "UPDATE site SET price = 0"', f"1: {OTHERS}"),
        ("reads.py", 'x = "DELETE FROM site"', f"1: {OTHERS}"),
        ("reads.py", 'x = f"INSERT INTO site VALUES ({x})"', f"1: {OTHERS}"),
        ("ops.py", 'x = "UPDATE sale SET price = 0"', ""),
        ("ops.py", 'x = "SELECT id FROM site FOR UPDATE"', ""),
        ("pages.py", f"{SITE}\ntx.delete(Site(x))", f"2: {OTHERS}"),
        ("pages.py", f"{SITE}\ntx.insert_all([Site(x) for x in y])", f"2: {OTHERS}"),
        ("pages.py", f"{SITE}\nsite = read.get(Site, x)\ntx.update(site, replace(site, name=x))", f"3: {OTHERS}"),
        ("pages.py", f"{SITE}\ndef close(tx: Tx, site: Site):\n    tx.delete(site)", f"3: {OTHERS}"),
        ("ops.py", f"{SITE}\ndef of(x) -> list[Site]: ...\nfor each in of(x): tx.delete(each)", f"3: {OTHERS}"),
        ("ops.py", f"{SITE}\ndef of(x) -> Outcome[Site]: ...\nit = of(x)\ntx.delete(it.value)", f"4: {OTHERS}"),
        ("ops.py", f"{SITE}\nmatch found(x):\n  case Ok(it): tx.insert(it)\ndef found(x) -> Site: ...", f"3: {OTHERS}"),
        ("ops.py", f"{SITE}\npartial(tx.delete, Site(x))", f"2: {OTHERS}"),
        ("ops.py", f"{SITE}\ntx.remove(Site, x)", f"2: {OTHERS}"),
        ("ops.py", f"{SITE}\ndef clear(tx, it): tx.remove(it, x)\nclear(tx, Site)", f"3: {OTHERS}"),
        ("ops.py", f"{SITE}\nif it := found(x): tx.delete(it)\ndef found(x) -> Site: ...", f"2: {OTHERS}"),
        ("ops.py", f"{SITE}\ndef found(x) -> Site: ...\ntx.insert(replace(found(x), name=y))", f"3: {OTHERS}"),
        ("ops.py", f"{SITE}\nclass Told:\n    site: Site\ntx.delete(told.site)", f"4: {OTHERS}"),
        (
            "ops.py",
            f"{SITE}\nmade = tx.insert(Site(x))\ntx.delete(made)",
            f"2: {OTHERS}\ncentral/orders/ops.py:3: {OTHERS}",
        ),
        ("ops.py", f"{SITE}\ntx.insert(Site.of_plan(x))", f"2: {OTHERS}"),
        ("ops.py", f"{SITE}\nhere: dict[str, Site] = x\nfor each in here.values(): tx.delete(each)", f"3: {OTHERS}"),
        ("ops.py", f"{SITE}\nhere: list[Site] = x\nfor each in sorted(here): tx.delete(each)", f"3: {OTHERS}"),
        ("ops.py", f"{SITE}\nmade = None\nmade = Site(x)\nmade = None\ntx.insert(made)", f"5: {OTHERS}"),
        ("ops.py", f"{SITE}\ntx.insert(Site(x) if x else y)", f"2: {OTHERS}"),
        ("ops.py", f"{SITE}\ndef of(x) -> dict[Site, Sale]: ...\ntx.delete(of(x))", ""),
        ("ops.py", f"{SITE}\ndef of(x) -> Sale: ...\nclass Told:\n    def of(x) -> Site: ...\ntx.delete(of(x))", ""),
        ("ops.py", f"{SITE}\nseen.append(Site(x))\nsaid.update(Site(x))", ""),
        ("ops.py", "from central.orders.things import Sale\ntx.delete(Sale(x))", ""),
        ("reads.py", 'x = "SELECT amount FROM price"', f"1: {ALONE}"),
        ("reads.py", "from central.venues.things import Price\nread.find(Price, x)", f"2: {ALONE}"),
        ("../venues/reads.py", 'x = "SELECT amount FROM price"', ""),
        ("reads.py", 'x = "LEFT JOIN allocation a ON a.seat_id = p.seat_id"', f"1: {SAID_ONCE}"),
        ("reads.py", 'x = "NOT EXISTS (SELECT 1 FROM allocation a WHERE a.seat_id = s.id)"', f"1: {SAID_ONCE}"),
        ("reads.py", """x = f"a.state <> '{AllocationState.RELEASED}'\"""", f"1: {SAID_ONCE}"),
        ("reads.py", """x = "a.state = 'held'\"""", "1: 'held' is spelt where its enum has it"),
        ("reads.py", """x = "COALESCE(state, '') <> 'held'\"""", "1: 'held' is spelt where its enum has it"),
        ("reads.py", """x = "state IN ('held', 'sold')\"""", "1: 'held' is spelt where its enum has it"),
        ("reads.py", """x = f"a.state = '{AllocationState.HELD}' AND entity = 'sale'\"""", ""),
        ("reads.py", """x = f"a = '{State.HELD}' AND (SELECT 1 FROM site)\"""", ""),
        ("pages.py", """x = f"SELECT '{State.A}' FROM site\"""", "1: site is venues's: read it by name in reads.py"),
        ("reads.py", 'x = "SELECT id FROM order_line l JOIN allocation a ON a.id = l.allocation_id"', ""),
        ("pages.py", """x = 'SELECT id FROM "site"'""", "1: site is venues's: read it by name in reads.py"),
        ("pages.py", 'x = "SELECT id FROM public.site"', "1: site is venues's: read it by name in reads.py"),
        ("pages.py", 'x = "SELECT 1 FROM sale JOIN site"', "1: site is venues's: read it by name in reads.py"),
        ("ops.py", """x = f'SELECT id FROM "{table}"'""", "1: a table's name is worked out: table"),
        ("../venues/ops.py", 'x.find(BY_NAME["sale"].kind, y)', "1: sale is orders's, which stands after venues"),
        ("../venues/ops.py", 'x = BY_NAME.get("sale")', "1: sale is orders's, which stands after venues"),
        ("../venues/ops.py", 'x = " join sale s on s.id = 1"', "1: sale is orders's, which stands after venues"),
        ("../venues/ops.py", 'x = "left outer join sale s"', "1: sale is orders's, which stands after venues"),
        ("../venues/ops.py", 'x = "id in (select id from sale)"', "1: sale is orders's, which stands after venues"),
        ("../venues/ops.py", 'x = " from sale s where s.id = 1"', "1: sale is orders's, which stands after venues"),
        ("../venues/ops.py", 'x = "from sale to sale"', ""),
        ("ops.py", 'x = f" join {table} t on t.id = 1"', "1: a table's name is worked out: table"),
        ("ops.py", 'x = f"select id from {table}"', "1: a table's name is worked out: table"),
        ("ops.py", 'x = f"sold from {place}"', ""),
        ("ops.py", "for a, b, c, d in read.run(x): ...", ""),
        ("ops.py", "for a, b, c, d, e in zip(x, y): ...", ""),
        ("ops.py", "for a, b, c, d, e in read.run(x): ...", "1: a wide row is taken apart by the order of its columns"),
        ("ops.py", "[a for a, b, c, d, e in rows]", ""),
        (
            "ops.py",
            "rows = read.run(x)\n[a for a, b, c, d, e in rows]",
            "2: a wide row is taken apart by the order of its columns",
        ),
        ("ops.py", "a, b, c, d, e = read.one(x)", "1: a wide row is taken apart by the order of its columns"),
        ("ops.py", "a, b, c, d, e = read.run(x)[0]", "1: a wide row is taken apart by the order of its columns"),
        (
            "ops.py",
            "if (found := read.one(x)):\n    a, b, c, d, e = found",
            "2: a wide row is taken apart by the order of its columns",
        ),
        (
            "ops.py",
            "def line(row):\n    a, b, c, d, e, *_ = row",
            "2: a wide row is taken apart by the order of its columns",
        ),
        ("ops.py", "x = [each[4] for each in read.run(x)]", "1: a wide row is taken apart by the order of its columns"),
        ("ops.py", "rows = read.run(x)\ny = rows[4]\na, b, c, d = rows[0]", ""),
        ("ops.py", "a, b, c, d, e = point", ""),
        ("ops.py", "x = row[3]", ""),
        ("ops.py", "x = sorted(y, key=lambda each: each[4])", f"1: {IN_ORDER}"),
        ("ops.py", "x = max(y, key=lambda each: (each[0], -each[4]))", f"1: {IN_ORDER}"),
        ("ops.py", "x = sorted(y, key=lambda each: (each[3], each[-1]))", ""),
        ("ops.py", "x = sorted(y, key=itemgetter(4))", f"1: {IN_ORDER}"),
        ("ops.py", "x = row[-1]", f"1: {IN_ORDER}"),
        ("ops.py", "x = row[5:]", f"1: {IN_ORDER}"),
        ("ops.py", "rows = read.run(x)\ny = rows[0][:-4]", f"2: {IN_ORDER}"),
        ("ops.py", "rows = read.run(x)\ny = [each[:5] for each in rows]", f"2: {IN_ORDER}"),
        ("ops.py", "def told(rows): return [a for *_, a, b in rows]", f"1: {IN_ORDER}"),
        ("ops.py", "rows = read.run(x)\ny = rows[:-4]", ""),
        ("ops.py", "x = [b for a, *b in rows]\ny = row[1:]", ""),
        ("ops.py", f"{TOLD}x = Told(*row)", f"7: {NOT_SAID}"),
        (
            "ops.py",
            f"{TOLD}class More(Told):\n    f: int\nx = [More(*each) for each in y]",
            f"9: {NOT_SAID}".replace("Told", "More"),
        ),
        ("ops.py", f"{TOLD}y = columns(Told, a='a')\nx = Told(*row)", ""),
        ("ops.py", f"{TOLD.replace('e: int', 'e: int = 0')}x = Told(*row)", ""),
    ],
)
def test_what_another_areas_table_says_is_read_by_name(tmp_path: Path, file: str, text: str, said: str) -> None:
    areas_in(tmp_path)
    for area, table in (("orders", "sale"), ("venues", "site")):
        (tmp_path / "central" / area).mkdir(parents=True)
        (tmp_path / "central" / area / "things.py").write_text(f'@entity("{table}")\nclass {table.title()}: ...\n')
    with (tmp_path / "central" / "venues" / "things.py").open("a") as things:
        things.write('@entity("price")\nclass Price: ...\n')
    (tmp_path / "central" / "kernel").mkdir()
    (tmp_path / "central" / "kernel" / "tx.py").write_text(
        "class Tx:\n"
        '    def find(self, kind: type[E], where: str = "", /, **params: Any): ...\n'
        "    def get(self, kind: type[E], entity_id: str): ...\n"
        "    def rewrite(self, kind: type[E], sets: dict[str, Any], where: str, /, **params: Any): ...\n"
        "    def remove(self, kind: type[E], where: str, /, **params: Any): ...\n"
    )
    (tmp_path / "central" / "kernel" / "scope.py").write_text(
        "def is_there(read: Read, table: str, row_id: str): ...\n"
    )
    at = file.removeprefix("../") if file.startswith("..") else f"orders/{file}"
    (tmp_path / "central" / at).parent.mkdir(exist_ok=True)
    (tmp_path / "central" / at).write_text(text + "\n")
    assert check("sql", tmp_path) == ((1, f"central/{at}:{said}") if said else (0, ""))


def test_a_word_of_an_enum_is_spelt_nowhere_beside_central_either(tmp_path: Path) -> None:
    (tmp_path / "central").mkdir()
    (tmp_path / "central" / "areas.py").write_text("AREAS: tuple[Area, ...] = ()\n")
    (tmp_path / "edge" / "till").mkdir(parents=True)
    (tmp_path / "edge" / "till" / "store.py").write_text("x = \"SELECT 1 FROM slot WHERE state = 'held'\"\n")
    assert check("sql", tmp_path) == (1, "edge/till/store.py:1: 'held' is spelt where its enum has it")


def test_an_exception_that_nothing_needs_is_found(tmp_path: Path) -> None:
    (tmp_path / "central").mkdir()
    (tmp_path / "central" / "areas.py").write_text("AREAS: tuple[Area, ...] = (catalogue.AREA, programme.AREA)\n")
    for area, text in {
        "catalogue": '@entity("performance")\nclass Performance: ...\n',
        "programme": "from central.catalogue.ops import Performance\ntx.insert(Performance(x))\n",
    }.items():
        (tmp_path / "central" / area).mkdir()
        (tmp_path / "central" / area / "ops.py").write_text(text)
    assert check("sql", tmp_path) == (0, "")
    (tmp_path / "central" / "programme" / "ops.py").write_text("")
    assert check("sql", tmp_path) == (1, "programme does not write performance: tools/writes.py lists too many")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a/line.py": "@d\nclass Line: ...", "b/pages.py": "@d\nclass Line: ..."},
         "central/b/pages.py:2: Line is called like central/a/line.py:2"),
        ({"a/line.py": "@d\ndef hall_of(): ...", "b/pages.py": "@d\ndef hall_of(): ...",
          "c/rows.py": "from central.a.line import hall_of\n", "d/table.py": "from central.b.pages import hall_of\n"},
         "hall_of is a function of central.a.line and of central.b.pages"),
        ({"a/line.py": "@d\ndef hall_of(): ...", "b/pages.py": "@d\ndef hall_of(): ...",
          "c/row.py": "from central.a.line import hall_of\n",
          "b/table.py": "from central.b.pages import hall_of\n"}, ""),
        ({"a/line.py": "def forgotten() -> None: ...\n"}, "central/a/line.py:1: forgotten is used by nothing"),
        ({"a/line.py": "class Forgotten: ...\n"}, "central/a/line.py:1: Forgotten is used by nothing"),
        ({"a/story.py": "x = 1\n" * 401}, "central/a/story.py: 401 lines are more than 400"),
        ({"kernel/tx.py": "x = 1\n" * 400},
         "central/kernel/tx.py: 400 lines are few enough: tools/checks.py lists too many"),
        ({"a/pricing.py": "def used() -> None: ...\n", "b/pages.py": "from central.a.pricing import used\n"}, ""),
    ],
)  # fmt: skip
def test_what_makes_a_reader_ask_is_found(tmp_path: Path, files: dict[str, str], said: str) -> None:
    (tmp_path / "pyproject.toml").touch()
    for name, text in files.items():
        (tmp_path / "central" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "central" / name).write_text(text)
    assert check("tidy", tmp_path) == (bool(said), said)


def test_a_function_of_shared_is_called_like_no_areas(tmp_path: Path) -> None:
    for name, text in {
        "shared/rules/pricing.py": "@d\ndef prices_of(): ...",
        "central/pricing/reads.py": "@d\ndef prices_of(): ...",
        "central/programme/rows.py": "from central.pricing.reads import prices_of\n",
        "edge/kiosk/choice.py": "from shared.rules.pricing import prices_of\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "pyproject.toml").touch()
    said = "prices_of is a function of central.pricing.reads and of shared.rules.pricing"
    assert check("tidy", tmp_path) == (1, said)


WERE_CALLED = {
    "central": """kernel/beside kernel/personal kernel/steady organisation/pages_all organisation/pages_own
        organisation/ways_in pricing/usual programme/carry_over programme/carry_page programme/on_sale
        programme/openings programme/plan_said programme/reschedule programme/seek programme/sell_hall reports/live
        selling/telling venues/draw_plan venues/draw_rows venues/drawn_and_kept venues/logical venues/physical
        venues/taken venues/usual web/away web/broken web/checklist_usual web/did web/find web/history/past
        web/history/turned_away web/once web/shown""",
    "edge": "device/enrol device/said kiosk/ui/screens/done kiosk/ui/screens/idle kiosk/ui/screens/out_of_order",
    "shared": "foreign rules/seating_apart runtime/kept runtime/notify runtime/seldom",
    "tools": "slow",
}


def test_a_module_is_called_by_a_noun(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    verbs = [f"{package}/{name}.py" for package, names in WERE_CALLED.items() for name in names.split()]
    nouns = ["central/selling/sign_in.py", "edge/bar/former_limits_page.py", "tools/glossary.py"]
    for name in verbs + nouns:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    code, faults = check("tidy", tmp_path)
    assert code == 1 and {line.partition(": a module is called by a noun, and ")[0] for line in faults.split("\n")} == {
        *verbs
    }


def test_the_delivered_files_are_tidy() -> None:
    assert check("tidy") == (0, "")


def test_a_place_of_one_machine_is_found(tmp_path: Path) -> None:
    file = tmp_path / "notes.md"
    place = "/" + "root/parterre"
    file.write_text(f"its /var/lib/parterre\nlies in {place}\n")
    code, said = check("places", file)
    assert (code, said) == (1, f"{file}:2: lies in {place}")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("await asyncio.sleep(0.3)", "waits for a length of time"),
        ("for _ in range(9): time.sleep(0.1)", "waits for a length of time"),
        ("await page.wait_for_timeout(200)", "waits for a length of time"),
        ("assert time.monotonic() - began < 3", "asks a clock"),
        ("began = time.perf_counter_ns()", "asks a clock"),
        ("await asyncio.wait_for(work, 5)", "has little patience"),
        ("async with asyncio.timeout(2.5): pass", "has little patience"),
        ("await asyncio.sleep(0)", ""),
        ("while not done(): await asyncio.sleep(0.01)", ""),
        ("await asyncio.wait_for(work, 20)", ""),
        ("async with asyncio.timeout(PATIENCE_S): pass", ""),
    ],
)
def test_a_test_that_a_busy_machine_makes_fail_is_found(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "test_it.py"
    file.write_text(f"async def test_it():\n    {line}\n")
    code, faults = check("waits", file)
    assert code == bool(said)
    assert said in faults and bool(said) == bool(faults)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("(spec/venues.md)", "spec/venues.md is not here"),
        ("see notes.md", "notes.md is not here"),
        ("as issue 4 says", "issue 4 belongs to no document here"),
        ("Issues #12 and 13", "Issues #12 belongs to no document here"),
        ("(decision 9999)", "decision 9999 was not taken"),
        ("(docs/spec/venues.md, Nowhere)", "docs/spec/venues.md, Nowhere is no section of it"),
        ("(docs/spec/law-fr.md, R99)", "docs/spec/law-fr.md, R99 is no section of it"),
        ("(kernel/nothing.py)", "kernel/nothing.py is not here"),
        ("`test_nothing.py`", "test_nothing.py is not here"),
        ("kernel/turns.py; turns.py; versions/NNNN_what.py; tests/*/lives.py", ""),
        ("(docs/spec/venues.md, Best\nseats; and more)", ""),
        ("(docs/spec/law-fr.md, R3)", ""),
        ("decision 5; kiosk.md; ../docs/venues.md, or https://example.org/else.md", ""),
    ],
)
def test_a_reference_that_leads_nowhere_is_found(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "venues.md").touch()
    file = tmp_path / "tests" / "it.py"
    file.parent.mkdir()
    file.write_text(f'"""Once upon a time.\n{line}"""\n')
    assert check("references", file) == (bool(said), f"{file}:2: {said}" if said else "")


@with_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_has_nothing_to_say_about_a_unit(unit: Path) -> None:
    assert check("units", unit) == (0, "")


@with_systemd
@pytest.mark.parametrize(
    "old, new, said",
    [
        ("WatchdogSec=", "WatchdogSecs=", "'WatchdogSecs'"),
        ("Type=notify", "Type=notified", "notified"),
        ("CapabilityBoundingSet=\n", "", "security: → Overall exposure level"),
    ],
)  # fmt: skip
def test_a_fault_in_a_unit_is_found(old: str, new: str, said: str, tmp_path: Path) -> None:
    text = (ROOT / "systemd" / "parterre-central.service").read_text()
    assert old in text
    unit = tmp_path / "parterre-central.service"
    unit.write_text(text.replace(old, new))
    code, faults = check("units", unit)
    assert code == 1
    assert said in faults


@pytest.mark.parametrize("unit", ROLES, ids=lambda unit: unit.stem)
def test_a_unit_starts_without_a_network_and_is_watched(unit: Path) -> None:
    settings = [line for line in unit.read_text().splitlines() if not line.startswith("#")]
    assert not any("network-online" in line for line in settings)
    assert {"Type=notify", "WatchdogSec=20", "Restart=always", "StartLimitIntervalSec=0"} <= set(settings)
    start = next(line for line in settings if line.startswith("ExecStart="))
    role = unit.stem.removeprefix("parterre-").removesuffix("@")
    assert start.split()[1] == role


def test_every_role_has_its_unit() -> None:
    assert {unit.stem for unit in ROLES} == {
        "parterre-broker", "parterre-central", "parterre-gate@", "parterre-kiosk", "parterre-printer",
    }  # fmt: skip


def test_no_property_is_judged_by_the_clock() -> None:
    assert settings().deadline is None and HealthCheck.too_slow in settings().suppress_health_check


CALLS = """
from central.kernel.crud import command_of
from central.kernel.privileges import Action
from central.pricing.model import Tariff
from shared.ids import Id

Create, Change, Delete = (
    command_of(Action.CREATE, Tariff), command_of(Action.MODIFY, Tariff), command_of(Action.DELETE, Tariff))
made = Id("")
Create(id=made, context_id=made, code="A", names={}, rank=1, proof=True)
Create(id=made, context_id=made, code="A", names={}, rnk=1, proof=True)
Tariff(id=made, context_id=made, code="A", names={}, rank=1, prof=True)
Change(id=made, set={"rank": 2})
Change(id=made, sets={"rank": 2})
Delete(tariff_id=made)
"""


def test_a_command_that_is_generated_has_the_names_of_its_entity(tmp_path: Path) -> None:
    """As lint sees it: a name that is no field of the entity is found where a test uses it."""
    (tmp_path / "calls.py").write_text(CALLS)
    command = [sys.executable, "-m", "mypy", "--config-file", "tools/mypy_tests.ini", str(tmp_path / "calls.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    faults = {int(line.split(":")[1]) for line in done.stdout.splitlines() if "[call-arg]" in line}
    assert faults == {11, 12, 14, 15}, done.stdout
    assert 'Unexpected keyword argument "rnk"' in done.stdout
