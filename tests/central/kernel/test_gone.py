"""What was taken away is found where it stood, whatever above it went since."""

import orjson
import pytest

from central.kernel.actor import SYSTEM
from central.kernel.contexts import path_of
from central.kernel.crud import command_of
from central.kernel.deleted_rows import context_then, path_then, was
from central.kernel.entity import BY_NAME
from central.kernel.privileges import Action
from central.kernel.scope import context_of, home
from central.kernel.tx import Read
from central.pricing.model import Tariff
from central.pricing.ops import CreateTariff
from shared.ids import Id
from tests.central.sampling import party
from tests.central.small_house import Clerk, House, new_id

DeleteTariff = command_of(Action.DELETE, Tariff)


@pytest.mark.behind_the_door
def test_every_kind_of_thing_is_found_where_it_stood_when_all_above_it_is_gone(
    quick: tuple[Clerk, House],
) -> None:
    clerk, house = quick
    eux = party(clerk, house, "EUX")
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    things = {}
    clerk.db.begin(write=True)
    clerk.db.run("PRAGMA defer_foreign_keys = ON", {})
    for table in sorted(name for name in BY_NAME if home(name)):
        names, row_id = BY_NAME[table].names, eux.rows.row(table)
        values = dict(zip(names, clerk.rows(f"{BY_NAME[table].select_sql} WHERE id = :id", id=row_id)[0], strict=True))
        place = context_of(read, table, row_id)
        assert place and context_then(read, BY_NAME[table], values) == (
            values["parent_id"] if table == "context" else place
        )
        things[table] = (values, place, path_of(read, place))
    ((command,),) = clerk.rows("SELECT MAX(id) FROM command_log")
    n = 0
    for table in sorted(name for name in BY_NAME if home(name)):
        kept = set(path_of(read, house.institution)) if table == "context" else set()
        for row in clerk.rows(BY_NAME[table].select_sql):
            values = dict(zip(BY_NAME[table].names, row, strict=True))
            if values["id"] in kept:
                continue
            n += 1
            change = orjson.dumps({name: [value, None] for name, value in values.items()}).decode()
            clerk.db.write(
                "INSERT INTO audit VALUES (:c, :n, :e, :i, 'deleted', :x)",
                {"c": command, "n": 999 + n, "e": table, "i": values["id"], "x": change},
            )
            clerk.db.write(f"DELETE FROM {table} WHERE id = :id", {"id": values["id"]})
    for table, (values, place, path) in things.items():
        then = context_then(read, BY_NAME[table], values)
        assert then == (values["parent_id"] if table == "context" else place), table
        assert path_then(read, place) == path and path[-1] == house.institution, table
    assert path_then(read, new_id()) == ()
    tariff = BY_NAME["order_line"]
    assert context_then(read, tariff, {name: Id("") for name in tariff.names}) is None
    clerk.db.rollback()


def test_what_is_gone_again_is_what_it_was_last(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    tariff = new_id()
    for rank in (7, 9, 8):
        clerk.do(CreateTariff(id=tariff, context_id=house.season, code="T", names={"fr": "T"}, rank=rank, proof=False))
        clerk.do(DeleteTariff(id=tariff))
        found = was(Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys), "tariff", tariff)
        assert found and found["rank"] == rank
