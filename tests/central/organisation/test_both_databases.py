"""What writes by statements of its own does the same on SQLite and PostgreSQL."""

from datetime import timedelta

from central.kernel.tx import SYSTEM, Read
from central.organisation.giving import SetPerimeter
from central.organisation.letters import AskLink, UseLetter
from central.organisation.model import Attempt, NoSignIn, Operator, Session
from central.organisation.operators import InviteOperator
from central.organisation.ops import actor_of
from central.organisation.places import KNOWN_FOR, MOST_PLACES, is_known
from central.organisation.rights import WhoMay, administrators
from central.organisation.sessions import (
    BeginSession,
    CompleteSession,
    CountAttempt,
    EndSessions,
    NoteSeen,
    SetSecondFactor,
    TidySessions,
)
from central.organisation.sign_in import digest
from shared.ids import Id, derived_id
from tests.central.organisation.test_operators import made
from tests.central.small_house import Clerk, House, new_id

PLACE = derived_id("a place")


def test_a_whole_life_of_an_account(clerk: Clerk, house: House) -> None:
    def read() -> Read:
        return Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)

    who, profile = new_id(), made(clerk, house, "*")
    clerk.do(InviteOperator(who, house.institution, "Jeanne", "Jeanne@X.example", "fr", profile))
    clerk.do(AskLink(who, digest("link")))
    clerk.do(UseLetter(digest("link"), "kept", ("account:a",), PLACE, "a"))
    assert clerk.no(UseLetter(digest("link"), "other", (), PLACE, "a")).reason == NoSignIn.LINK_OVER
    for _ in range(5):
        clerk.do(CountAttempt(("account:a", "address:10.0.0.7")))
    assert clerk.no(CountAttempt(("account:a",))).reason == NoSignIn.TOO_MANY
    session = new_id()
    tried = ("account:a", "address:10.0.0.7")
    begin = BeginSession(
        session, who, digest("one"), "kept", "anew", "", tried, PLACE, "a", "10.0.0.7", "Browser"
    )  # fmt: skip
    assert clerk.no(BeginSession(**{**_fields(begin), "verified": "stale"})).reason == NoSignIn.UNKNOWN
    clerk.do(begin)
    assert {each.subject: each.wrong for each in read().find(Attempt)} == {"address:10.0.0.7": 4}
    clerk.watch.at += timedelta(minutes=6)
    clerk.do(NoteSeen(session))
    (there,) = read().find(Session)
    assert there.seen == clerk.watch.at
    clerk.do(SetSecondFactor(session, "anew", "sealed", 7, ("r1", "r2"), digest("two")))
    (there,) = read().find(Session)
    assert there.second_factor and there.token_digest == digest("two")
    half = new_id()
    other = derived_id("another place")
    clerk.do(BeginSession(half, who, digest("half"), "anew", "", "", tried, other, "a", "10.0.0.8", "Browser"))
    assert not is_known(read(), other), "half the way in is none"
    code = (f"code:{who}", "address:10.0.0.8")
    assert (
        clerk.no(CompleteSession(new_id(), half, digest("three"), 7, "", code, other, "a")).reason
        == NoSignIn.WRONG_CODE
    )
    clerk.do(CompleteSession(new_id(), half, digest("three"), 8, "", code, other, "a"))
    assert is_known(read(), other) and is_known(read(), PLACE)
    for n in range(MOST_PLACES):
        clerk.watch.at += timedelta(seconds=1)
        clerk.do(UseLetter(asked(clerk, who, n), "anew", (), derived_id("place", n), "a"))
    assert clerk.rows("SELECT COUNT(*) FROM sign_in_place WHERE account = 'a'") == [(MOST_PLACES,)]
    assert not is_known(read(), PLACE) and is_known(read(), derived_id("place", 0))
    clerk.do(EndSessions(who))
    kept = read().get(Operator, who)
    assert kept and (kept.totp_step, kept.recovery, kept.password) == (8, ("r1", "r2"), "anew")
    assert who in dict(administrators(read()))
    assert {each["operator_id"] for each in clerk.ask(WhoMay(house.season, "orders.order.create")).value} == {
        house.admin, who,
    }  # fmt: skip
    assert actor_of(read(), kept).grants == {("*", house.institution)}
    clerk.do(EndSessions(who))
    assert read().find(Session) == []
    clerk.watch.at += timedelta(days=2)
    clerk.do(TidySessions())
    assert read().find(Attempt) == [] and clerk.rows("SELECT COUNT(*) FROM sign_in_place") == [(MOST_PLACES,)]
    clerk.watch.at += KNOWN_FOR
    assert not is_known(read(), derived_id("place", 0))
    clerk.do(TidySessions())
    assert clerk.rows("SELECT COUNT(*) FROM sign_in_place") == [(0,)]


def asked(clerk: Clerk, who: Id, n: int) -> str:
    """The digest of a link that was handed over."""
    clerk.watch.at += timedelta(hours=1)
    clerk.do(AskLink(who, digest(f"link {n}")))
    return digest(f"link {n}")


def _fields(command: BeginSession) -> dict[str, object]:
    return {name: getattr(command, name) for name in BeginSession.__dataclass_fields__}


def test_a_perimeter_is_replaced(clerk: Clerk, house: House) -> None:
    who = new_id()
    clerk.do(InviteOperator(who, house.institution, "Paul", "paul@x.example", "fr"))
    from central.organisation.model import PerimeterKind

    for objects in ((house.desk,), (house.desk, house.kiosk_point), (house.kiosk_point,), ()):
        clerk.do(SetPerimeter(who, PerimeterKind.POINT_OF_SALE, objects))
        rows = clerk.rows("SELECT object_id FROM operator_perimeter WHERE operator_id = :id ORDER BY 1", id=who)
        assert {row[0] for row in rows} == set(objects)
