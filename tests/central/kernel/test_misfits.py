"""What does not fit the database is said in our words, and alike whoever's the row is that stands in the way."""

from typing import Any

import orjson
import pytest

import central.app  # noqa: F401  # declares everything
from central.kernel.actor import SYSTEM, Actor, ActorKind
from central.kernel.db import UNFIT
from central.kernel.entity import BY_NAME
from central.kernel.misfits import Misfit
from central.kernel.registry import COMMANDS
from central.kernel.replies import NoEntry, unfit
from central.kernel.tx import Read
from central.kernel.values import LANGUAGES
from central.web.screens.refusals import words_of
from central.web.texts import texts
from shared.outcome import Refused
from tests.central.sampling import of_nobody, party, put
from tests.central.small_house import Clerk, House, new_id

pytestmark = pytest.mark.behind_the_door  # rows of its own making

DRIVERS_WORDS = ("constraint", "unique", "violates", "duplicate", "foreign key", "failed", "sqlite", "psycopg")


def test_an_id_that_is_there_is_told_alike_whoever_has_it(quick: tuple[Clerk, House]) -> None:
    """Every command that makes a row whose id is its own to say."""
    clerk, house = quick
    ours, theirs = party(clerk, house, "NOUS"), party(clerk, house, "EUX")
    actor = Actor(ActorKind.OPERATOR, new_id(), "", frozenset({("*", str(house.institution))}))
    read, wrong, misfits = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys), [], 0
    for name, handler in COMMANDS.items():
        want = ours.rows.wanted(handler, read)
        if (
            "id" not in handler.hints
            or not name.startswith(("create_", "invite_"))
            or want is None
            or handler.needs is None
            or of_nobody(handler)
        ):
            continue
        table = name.partition("_")[2]
        ids = [party.rows.row(table) for party in (ours, theirs)] if table in BY_NAME else []
        answers = [clerk.as_(actor).say(put(want, ("id",), each)) for each in ids]
        said = [orjson.dumps([each.reason, each.fix, dict(each.detail)]).decode() for each in answers
                if isinstance(each, Refused)]  # fmt: skip
        plain = [text.replace(row_id, "…") for text, row_id in zip(said, ids, strict=False)]
        unlike = len(set(plain)) > 1 and any("does_not_fit" in text for text in said)
        if unlike or any(word in text.casefold() for text in said for word in DRIVERS_WORDS):
            wrong.append((name, said))
        misfits += any("does_not_fit" in text for text in said)
    assert not wrong, wrong
    assert misfits, "some come as far as the database"


@pytest.mark.parametrize("what", Misfit)
def test_each_database_says_the_same(clerk: Clerk, what: Misfit) -> None:
    db = clerk.db
    db.begin(write=True)
    db.write(
        "CREATE TABLE misfit (id TEXT PRIMARY KEY NOT NULL, up TEXT REFERENCES misfit (id), n BIGINT NOT NULL)", {}
    )
    sql = "INSERT INTO misfit (id, up, n) VALUES (:id, :up, :n)"
    db.write(sql, {"id": "a", "up": None, "n": 1})
    given: dict[Misfit, dict[str, Any]] = {
        Misfit.THERE_ALREADY: {"id": "a", "up": None, "n": 1},
        Misfit.NAMES_NOTHING: {"id": "b", "up": "nothing", "n": 1},
        Misfit.MISSING: {"id": "b", "up": None, "n": None},
        Misfit.OUT_OF_BOUNDS: {"id": "b", "up": None, "n": 2**70},
    }
    with pytest.raises(UNFIT) as raised:
        db.write(sql, given[what])
    db.rollback()
    fields = {Misfit.THERE_ALREADY: ["id"], Misfit.MISSING: ["n"]}.get(what, [])
    assert unfit(raised.value) == Refused(
        NoEntry.DOES_NOT_FIT, fields[0] if fields else "", {"what": what, "fields": fields}
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("what", Misfit)
def test_people_are_told_what_it_is_in_which_field_and_what_to_do(
    quick: tuple[Clerk, House], what: Misfit, language: str
) -> None:
    clerk, _ = quick
    read, t = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys), texts(language)
    fields = ["code", "rank"] if what in (Misfit.THERE_ALREADY, Misfit.MISSING) else []
    text = words_of(read, t, Refused(NoEntry.DOES_NOT_FIT, "", {"what": what.value, "fields": fields}))
    assert ":" in text and text != t.reason(NoEntry.DOES_NOT_FIT), "what to do stands behind it"
    assert all(t.field("", each) in text for each in fields) and "{" not in text
    bare = words_of(read, t, Refused(NoEntry.DOES_NOT_FIT, "", {"what": what.value, "fields": []}))
    assert "()" not in bare, "where the database cannot tell"
