"""What says something about people, outside of their own rows: sealed, bound to its place, opened for nobody without
the key. An entity that is declared with the marks needs no line of code more."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.kernel.actor import SYSTEM
from central.kernel.crud import CONFIGURED, configured
from central.kernel.entity import BY_NAME, ENTITIES, METADATA, SUBJECTS, Ref, entity
from central.kernel.erasure import forget
from central.kernel.people_tables import FORGETTING
from central.kernel.personal_data import (
    ERASED,
    SIGN,
    Personal,
    PersonalKind,
    key_of,
    replaced,
    seal,
    token_of,
    tokens_in,
    unseal,
    without,
)
from central.kernel.privileges import Action
from central.kernel.registry import _BY_KIND, COMMANDS
from central.kernel.replies import NoEntry
from central.kernel.tx import Read
from central.organisation.operators import InviteOperator
from shared.ids import Id
from tests.central.kernel.test_row_proof import by_a_command
from tests.central.small_house import Clerk, House, new_id

KEY, OTHER = key_of("11" * 32), key_of("22" * 32)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(), lambda each: st.lists(each), max_leaves=5
)


@given(value=JSON, at=st.text(), subject=st.text("ABC", min_size=1))
def test_a_sealed_value_opens_in_its_place_with_its_key_alone(value: Any, at: str, subject: str) -> None:
    text = seal(KEY, PersonalKind.CONTACT, subject, value, at)
    token = token_of(text)
    assert token and (token.kind, token.subject) == ("contact", subject)
    assert unseal(KEY, token, at) == (value,)
    assert unseal(OTHER, token, at) == () and unseal(KEY, token, at + "x") == ()
    assert unseal(KEY, replace(token, subject=subject + "A"), at) == ()
    assert unseal(KEY, replace(token, kind="health"), at) == ()


@pytest.mark.parametrize("text", ["", "sealed", "sealed:contact", "sealed:contact:A", "sealed:fortune:A:xx", "Anna"])
def test_what_only_looks_like_one_is_a_text(text: str) -> None:
    assert token_of(text) is None


def test_tokens_are_found_however_deep_and_all_else_is_left() -> None:
    text = seal(KEY, PersonalKind.HEALTH, "A", 7, "c")
    said = {"a": [1, {"b": text}], "c": "plain", "d": None}
    assert tokens_in(said) == [token_of(text)]
    assert replaced(said, lambda each: 7 if each == text else each) == {"a": [1, {"b": 7}], "c": "plain", "d": None}
    assert without({"faults": [{"value": " Anna "}], "is": 3}, frozenset({"anna"})) == {
        "faults": [{"value": "•"}],
        "is": 3,
    }


def test_a_table_without_marks_that_names_people_says_what_goes_with_them() -> None:
    """What is no entity is walked by nobody who forgets a person: an area says it, and of nothing else."""
    named = {
        (whose, table)
        for table, each in METADATA.tables.items()
        for whose in SUBJECTS
        if table not in BY_NAME and any(f"_{column.name}".endswith(f"_{whose}_id") for column in each.columns)
    }
    assert named and set(FORGETTING) == named


# --- an entity with the marks, and nothing else -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """Somebody with a name, and a note on the health of who looks after them."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    host_id: Annotated[Id, Ref("operator")]
    name: Annotated[str, Personal(PersonalKind.IDENTITY)]
    born: Annotated[int, Personal(PersonalKind.DOCUMENT)] | None
    note: Annotated[str, Personal(PersonalKind.HEALTH, "host_id")]


@pytest.fixture
def guests(quick: tuple[Clerk, House]) -> Iterator[tuple[Clerk, House]]:
    commands, kinds = set(COMMANDS), set(_BY_KIND)
    configured(fixed=("host_id",), without=(Action.DELETE,))(entity("guest", read="organisation.guest.read")(Guest))
    columns = ", ".join(
        f"{column.name} {'BIGINT' if column.name == 'born' else 'TEXT'}" for column in BY_NAME["guest"].columns
    )
    quick[0].db.write(f"CREATE TABLE guest ({columns}, PRIMARY KEY (id)) WITHOUT ROWID", {})
    yield quick
    for name in set(COMMANDS) - commands:
        del COMMANDS[name]
    for kind in set(_BY_KIND) - kinds:
        del _BY_KIND[kind]
    METADATA.remove(METADATA.tables["guest"])
    del CONFIGURED["guest"], ENTITIES[Guest], BY_NAME["guest"], SUBJECTS["guest"]
    SUBJECTS["operator"].discard(PersonalKind.HEALTH)


def test_nobody_is_taken_away_without_being_forgotten(guests: tuple[Clerk, House]) -> None:
    """A generated delete would leave the keys, and with them all that the log says of them."""
    with pytest.raises(TypeError, match="guest says something about people"):
        configured(fixed=("host_id",))(Guest)
    assert "delete_guest" not in COMMANDS


@pytest.mark.behind_the_door
def test_a_declaration_with_marks_is_sealed_and_forgotten(guests: tuple[Clerk, House]) -> None:
    clerk, house = guests
    guest, host = new_id(), new_id()
    clerk.do(InviteOperator(id=host, context_id=house.institution, name="Host", email="host@x.example", language="fr"))
    make, change = (COMMANDS[f"{verb}_guest"].kind for verb in ("create", "change"))
    clerk.do(make(id=guest, context_id=house.institution, host_id=host, name="Zoe", born=19700101, note="limps"))
    clerk.do(change(id=guest, set={"name": "Zoe Q.", "born": 19700102, "note": "walks"}))
    made, changed = (
        orjson.loads(row[0])
        for row in clerk.rows("SELECT body FROM command_log WHERE name LIKE '%_guest' ORDER BY turn")
    )
    kinds = {"name": ("identity", guest), "born": ("document", guest), "note": ("health", host)}
    for body in (made, changed["set"]):
        found = {name: token_of(body[name]) for name in kinds}
        assert {name: (token.kind, token.subject) for name, token in found.items() if token} == kinds
    ((audit,),) = clerk.rows("SELECT change FROM audit WHERE entity = 'guest' AND action = 'changed'")
    assert audit.count(SIGN) == 6
    again = clerk.said[-1]
    assert clerk.say(change(id=guest, set={"name": "Zoe Q.", "born": 19700102, "note": "walks"}), again).value == guest
    assert (
        clerk.say(change(id=guest, set={"name": "Zoe Q.", "born": 19700102, "note": "runs"}), again).reason
        is NoEntry.ID_REUSED
    )

    by_a_command(clerk, lambda tx: forget(tx, "guest", guest))
    assert clerk.rows("SELECT name, born, note FROM guest") == [("", None, "walks")]
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    (said,) = read.people.opened([(again, clerk.rows("SELECT body FROM command_log WHERE id = :id", id=again)[0][0])])
    assert said["set"] == {"name": ERASED, "born": ERASED, "note": "walks"}
    assert clerk.rows("SELECT words FROM found WHERE entity = 'guest'") == [("  ",)]
