"""What is too large to be kept twice: log and audit keep its size and digest, whatever it is of; rows keep it whole."""

from base64 import b64encode
from hashlib import sha256
from typing import Annotated, Any

import orjson

from central.devices.hall import PublishHall
from central.kernel.actor import SYSTEM
from central.kernel.crud import command_of
from central.kernel.entity import BY_NAME, Between, Look, mark_of, stripped
from central.kernel.privileges import Action
from central.kernel.registry import COMMANDS
from central.kernel.tx import Read
from central.venues.model import ShopPicture
from central.web.history.past_states import NoWayBack, restored
from central.web.history.records import means_of, past
from shared.ids import Id
from tests.central.small_house import Clerk, House, new_id

CREATE, CHANGE = command_of(Action.CREATE, ShopPicture), command_of(Action.MODIFY, ShopPicture)
DELETE = command_of(Action.DELETE, ShopPicture)


def picture(sign: bytes, size: int = 200_000) -> str:
    return "data:image/png;base64," + b64encode(sign * size).decode()


def kept(clerk: Clerk, command: Id) -> int:
    """Bytes of a command in log and audit."""
    (row,) = clerk.rows(
        "SELECT LENGTH(l.body) + LENGTH(l.answer) + COALESCE((SELECT SUM(LENGTH(a.change)) FROM audit a "
        "WHERE a.command_id = l.id), 0) FROM command_log l WHERE l.id = :id",
        id=command,
    )
    return int(row[0])


def brief(text: str) -> str:
    return f"{len(text)} characters, sha256 {sha256(text.encode()).hexdigest()}"


def test_a_pictures_life_leaves_no_picture_in_the_log(clerk: Clerk, house: House) -> None:
    """A change used to leave both pictures in the audit, 533 kB of them; a small one (under 64 kB) in the log too."""
    first, second, small = picture(b"a"), picture(b"b"), picture(b"c", 3_000)
    own = new_id()
    clerk.do(CREATE(id=own, configuration_id=house.logical, picture=first))
    for each in (second, small):
        clerk.do(CHANGE(id=own, set={"picture": each}))
    said, (body,) = clerk.said, clerk.rows("SELECT body FROM command_log WHERE id = :id", id=clerk.said[-1])[0]
    assert orjson.loads(body)["set"] == {"picture": brief(small)}
    assert clerk.rows("SELECT picture FROM shop_picture WHERE id = :id", id=own) == [(small,)]
    clerk.do(DELETE(id=own))
    assert [kept(clerk, each) < 500 for each in said[-4:]] == [True] * 4, [kept(clerk, each) for each in said[-4:]]


def test_history_says_which_it_was_and_does_not_pretend_to_have_it(clerk: Clerk, house: House) -> None:
    first, second, own = picture(b"a"), picture(b"b"), new_id()
    clerk.do(CREATE(id=own, configuration_id=house.logical, picture=first))
    clerk.do(CHANGE(id=own, set={"picture": second}))
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    known = past(clerk.door, read, "shop_picture", own)
    assert known and known.now and known.now["picture"] == brief(second)
    changed, made = known.moments
    assert changed.entry.change["picture"] == (brief(first), brief(second)) and not changed.doubts
    back = restored(means_of(known.declaration), known.now, made.after)
    assert back.why is NoWayBack.NO_COMMAND and [each.field for each in back.stays] == ["picture"]
    clerk.do(DELETE(id=own))
    gone = past(clerk.door, read, "shop_picture", own)
    assert gone
    back = restored(means_of(gone.declaration), None, gone.last)
    assert back.why is NoWayBack.SECRET_LOST, "it stands nowhere else"


def test_a_plan_file_is_in_no_list_and_named_by_its_digest(clerk: Clerk, house: House) -> None:
    text = BY_NAME["plan_file"].column("text")
    assert text.bulky and not text.secret and text.unlisted
    shown = BY_NAME["shop_picture"].column("picture")
    assert shown.bulky and not shown.unlisted, "a picture is there to be seen"
    taken = "ab" * 4_000
    clerk.do(PublishHall(performance_id=house.performance, taken=taken))
    ((body,),) = clerk.rows("SELECT body FROM command_log WHERE id = :id", id=clerk.said[-1])
    assert orjson.loads(body) == {"performance_id": house.performance, "taken": brief(taken)}


def large(hints: dict[str, Any]) -> set[str]:
    """Fields of one text that may be longer than 64 kB."""
    found = set()
    for name, hint in hints.items():
        bare, _, marks = stripped(hint)
        between = mark_of(marks, Between)
        if Look.PICTURE in marks or (bare is str and between and (between.most or 0) > 65_536):
            found.add(name)
    return found


def test_every_large_text_of_a_command_is_told_in_brief() -> None:
    said = {(name, field) for name, handler in COMMANDS.items() for field in large(handler.hints)}
    assert {field for _, field in said} >= {"plan", "picture"}
    for name, field in said:
        assert (field,) in COMMANDS[name].bulky, f"{name}.{field}: mark it Bulky"
    for name, declaration in BY_NAME.items():
        for column in declaration.columns:
            marked = {column.name: Annotated[column.hint, *column.marks]} if column.marks else {}
            assert column.bulky or not large(marked), name
    assert ("set", "picture") in COMMANDS["change_shop_picture"].bulky
