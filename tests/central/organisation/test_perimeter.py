"""A perimeter narrows, or is refused: what an operator is said to be kept to is what they are kept to."""

import pytest

from central.kernel.checklist import ITEMS
from central.kernel.entity import BY_NAME
from central.kernel.scope import narrowing
from central.kernel.tx import SYSTEM, Actor, ActorKind, Read
from central.organisation.giving import SetPerimeter, nameable
from central.organisation.model import Operator, PerimeterKind, Privilege
from central.organisation.needed import perimeters
from central.organisation.operators import CreateOperator
from central.organisation.ops import actor_of, key_digest
from central.organisation.pages_operators import _perimeter
from central.web.texts import texts
from shared.ids import Id
from tests.central.sampling import party
from tests.central.small_house import Clerk, House, new_id


@pytest.fixture
def seller(quick: tuple[Clerk, House]) -> Id:
    clerk, house = quick
    made = CreateOperator(new_id(), house.organiser, "Guichet", key_digest("k"), (str(Privilege.CHANNEL_READ),))
    clerk.do(made)
    return made.id


def look(clerk: Clerk, actor: Actor = SYSTEM) -> Read:
    return Read(clerk.db, actor, clerk.watch(), clerk.door.keys)


@pytest.mark.parametrize("kind", PerimeterKind)
def test_it_narrows_or_is_refused(quick: tuple[Clerk, House], seller: Id, kind: PerimeterKind) -> None:
    """Every kind that there is: with the entity it narrows, without it is told, and nothing stands there."""
    clerk, _ = quick
    if kind not in BY_NAME:
        refused = clerk.no(SetPerimeter(seller, kind, ("single_entry",)))
        assert (refused.reason, refused.fix) == ("narrows_nothing", "kind")
        assert set(refused.detail["kinds"]) <= set(BY_NAME), "the next step: a kind that does"
        assert clerk.rows("SELECT COUNT(*) FROM operator_perimeter") == [(0,)]
        return
    ids = [row[0] for row in clerk.rows(f"SELECT id FROM {kind} ORDER BY id")]
    clerk.do(SetPerimeter(seller, kind, tuple(ids[:1])))
    operator = look(clerk).get(Operator, seller)
    assert operator and len(ids) > 1
    read = look(clerk, actor_of(look(clerk), operator))
    joins, conditions, params = narrowing(read, BY_NAME[kind], None)
    assert [row[0] for row in read.run(f"SELECT t.id FROM {kind} t{joins} WHERE {conditions}", **params)] == ids[:1]


@pytest.mark.parametrize("kind", [kind for kind in PerimeterKind if kind not in BY_NAME])
def test_what_was_set_before_is_shown_and_can_be_lifted(
    quick: tuple[Clerk, House], seller: Id, kind: PerimeterKind
) -> None:
    clerk, house = quick
    row = {"id": new_id(), "operator": seller, "kind": kind, "object": "single_entry"}
    assert perimeters(look(clerk), house.institution) is None and "perimeters" in ITEMS
    assert kind not in [each.kind for each in shown(clerk, seller)], "nobody is offered it"
    clerk.db.write("INSERT INTO operator_perimeter (id, operator_id, kind, object_id) "
                   "VALUES (:id, :operator, :kind, :object)", row)  # fmt: skip
    standing = perimeters(look(clerk), house.institution)
    assert standing and not standing.done and standing.count == 1
    assert [each.kind for each in shown(clerk, seller) if each.idle] == [kind]
    clerk.do(SetPerimeter(seller, kind, ()))
    assert perimeters(look(clerk), house.institution) is None


def shown(clerk: Clerk, operator_id: Id) -> tuple[object, ...]:
    read = look(clerk)
    operator = read.get(Operator, operator_id)
    rows = read.find(BY_NAME["operator_perimeter"].kind, "WHERE operator_id = :id", id=operator_id)
    assert operator
    return _perimeter(read, texts("fr"), operator, rows)


def test_nobody_is_narrowed_to_what_is_somebody_elses(quick: tuple[Clerk, House]) -> None:
    """Nor learns from it what others have."""
    clerk, house = quick
    theirs = party(clerk, house, "EUX")
    made = CreateOperator(new_id(), theirs.organiser, "Guichet", key_digest("k"), ())
    clerk.do(made)
    boss = Actor(ActorKind.OPERATOR, new_id(), "", frozenset({("*", str(theirs.organiser))}))
    for kind in (PerimeterKind.POINT_OF_SALE, PerimeterKind.CHANNEL):
        own = theirs.rows.row(kind)
        foreign = house.desk if kind is PerimeterKind.POINT_OF_SALE else house.channel
        operator = look(clerk).get(Operator, made.id)
        assert operator
        offered = nameable(look(clerk, boss), kind, operator)
        assert own in offered
        above = kind is PerimeterKind.CHANNEL  # the institution's channels are everybody's
        assert (foreign in offered) is above
        if above:
            continue
        nothing = new_id()
        answers = [clerk.as_(boss).no(SetPerimeter(made.id, kind, (each,))) for each in (foreign, nothing)]
        assert str(answers[0]).replace(foreign, "") == str(answers[1]).replace(nothing, "")
        clerk.as_(boss).do(SetPerimeter(made.id, kind, (own,)))
