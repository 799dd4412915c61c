"""What writes by statements of its own does the same on SQLite and PostgreSQL."""

from datetime import timedelta

import pytest

from central.kernel.actor import SYSTEM
from central.kernel.tx import Read
from central.organisation import letters, sessions, sign_in_places
from central.organisation.grants import SetPerimeter
from central.organisation.letters import AskLink, UseLetter
from central.organisation.model import Attempt, NoSignIn, Operator, SignInSession
from central.organisation.operators import InviteOperator
from central.organisation.ops import actor_of
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
from central.organisation.sign_in_places import KNOWN_FOR, MOST_PLACES, is_known
from shared.ids import Id, derived_id
from tests.central.organisation.test_operators import made
from tests.central.small_house import Clerk, House, new_id

PLACE = derived_id("a place")


def test_a_whole_life_of_an_account(clerk: Clerk, house: House) -> None:
    def read() -> Read:
        return Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)

    who, profile = new_id(), made(clerk, house, "*")
    clerk.do(
        InviteOperator(
            id=who,
            context_id=house.institution,
            name="Jeanne",
            email="Jeanne@X.example",
            language="fr",
            profile_id=profile,
        )
    )
    clerk.do(AskLink(operator_id=who, token_digest=digest("link")))
    clerk.do(
        UseLetter(token_digest=digest("link"), password="kept", tried=("password:a",), came_from=PLACE, typed_email="a")
    )
    assert (
        clerk.no(
            UseLetter(token_digest=digest("link"), password="other", tried=(), came_from=PLACE, typed_email="a")
        ).reason
        == NoSignIn.LINK_OVER
    )
    for _ in range(5):
        clerk.do(CountAttempt(subjects=("password:a", "address:10.0.0.7")))
    assert clerk.no(CountAttempt(subjects=("password:a",))).reason == NoSignIn.TOO_MANY
    session = new_id()
    tried = ("password:a", "address:10.0.0.7")
    begin = BeginSession(
        id=session,
        operator_id=who,
        token_digest=digest("one"),
        verified="kept",
        anew="anew",
        instead_of="",
        tried=tried,
        came_from=PLACE,
        typed_email="a",
        address="10.0.0.7",
        browser="Browser",
    )
    assert clerk.no(BeginSession(**{**_fields(begin), "verified": "stale"})).reason == NoSignIn.UNKNOWN
    clerk.do(begin)
    assert {each.subject: each.wrong for each in read().find(Attempt)} == {"address:10.0.0.7": 4}
    clerk.watch.at += timedelta(minutes=6)
    clerk.do(NoteSeen(session_id=session))
    (there,) = read().find(SignInSession)
    assert there.seen == clerk.watch.at
    clerk.do(
        SetSecondFactor(
            session_id=session,
            verified="anew",
            totp="sealed",
            step=7,
            recovery=("r1", "r2"),
            token_digest=digest("two"),
        )
    )
    (there,) = read().find(SignInSession)
    assert there.second_factor and there.token_digest == digest("two")
    half = new_id()
    other = derived_id("another place")
    clerk.do(
        BeginSession(
            id=half,
            operator_id=who,
            token_digest=digest("half"),
            verified="anew",
            anew="",
            instead_of="",
            tried=tried,
            came_from=other,
            typed_email="a",
            address="10.0.0.8",
            browser="Browser",
        )
    )
    assert not is_known(read(), other), "half the way in is none"
    code = (f"code:{who}", "address:10.0.0.8")
    assert (
        clerk.no(
            CompleteSession(
                id=new_id(),
                half_id=half,
                token_digest=digest("three"),
                step=7,
                recovery="",
                tried=code,
                came_from=other,
                typed_email="a",
            )
        ).reason
        == NoSignIn.WRONG_CODE
    )
    clerk.do(
        CompleteSession(
            id=new_id(),
            half_id=half,
            token_digest=digest("three"),
            step=8,
            recovery="",
            tried=code,
            came_from=other,
            typed_email="a",
        )
    )
    assert is_known(read(), other) and is_known(read(), PLACE)
    for n in range(MOST_PLACES):
        clerk.watch.at += timedelta(seconds=1)
        clerk.do(
            UseLetter(
                token_digest=asked(clerk, who, n),
                password="anew",
                tried=(),
                came_from=derived_id("place", n),
                typed_email="a",
            )
        )
    assert clerk.rows("SELECT COUNT(*) FROM sign_in_place WHERE typed_email = 'a'") == [(MOST_PLACES,)]
    assert not is_known(read(), PLACE) and is_known(read(), derived_id("place", 0))
    clerk.do(EndSessions(operator_id=who))
    kept = read().get(Operator, who)
    assert kept and (kept.totp_step, kept.recovery, kept.password) == (8, ("r1", "r2"), "anew")
    assert who in dict(administrators(read()))
    assert {
        each["operator_id"]
        for each in clerk.ask(WhoMay(context_id=house.season, privilege="orders.order.create")).value
    } == {
        house.admin,
        who,
    }
    assert actor_of(read(), kept).grants == {("*", house.institution)}
    clerk.do(EndSessions(operator_id=who))
    assert read().find(SignInSession) == []
    clerk.watch.at += timedelta(days=2)
    assert clerk.do(TidySessions()) is False
    assert read().find(Attempt) == [] and clerk.rows("SELECT COUNT(*) FROM sign_in_place") == [(MOST_PLACES,)]
    clerk.watch.at += KNOWN_FOR
    assert not is_known(read(), derived_id("place", 0))
    clerk.do(TidySessions())
    assert clerk.rows("SELECT COUNT(*) FROM sign_in_place") == [(0,)]


def asked(clerk: Clerk, who: Id, n: int) -> str:
    """The digest of a link that was handed over."""
    clerk.watch.at += timedelta(hours=1)
    clerk.do(AskLink(operator_id=who, token_digest=digest(f"link {n}")))
    return digest(f"link {n}")


def _fields(command: BeginSession) -> dict[str, object]:
    return {name: getattr(command, name) for name in BeginSession.__dataclass_fields__}


def test_a_perimeter_is_replaced(clerk: Clerk, house: House) -> None:
    who = new_id()
    clerk.do(InviteOperator(id=who, context_id=house.institution, name="Paul", email="paul@x.example", language="fr"))
    from central.organisation.model import PerimeterKind

    for objects in ((house.desk,), (house.desk, house.kiosk_point), (house.kiosk_point,), ()):
        clerk.do(SetPerimeter(operator_id=who, kind=PerimeterKind.POINT_OF_SALE, object_ids=objects))
        rows = clerk.rows("SELECT object_id FROM operator_perimeter WHERE operator_id = :id ORDER BY 1", id=who)
        assert {row[0] for row in rows} == set(objects)


def test_what_is_over_goes_a_piece_at_a_time(clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Strangers leave failures as fast as they like: no command takes them all."""
    for module in (sessions, sign_in_places, letters):
        monkeypatch.setattr(module, "FORGOTTEN_AT_ONCE", 2)
    clerk.do(CountAttempt(subjects=tuple(f"address:10.0.0.{n}" for n in range(5))))
    clerk.watch.at += timedelta(days=2)
    left = []
    for more in (True, True, False):
        assert clerk.do(TidySessions()) is more
        left.append(clerk.rows("SELECT COUNT(*) FROM sign_in_attempt")[0][0])
    assert left == [3, 1, 0]
