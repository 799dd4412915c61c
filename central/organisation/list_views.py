"""Lists as somebody wants to find them again, each under a name of their own: what narrows them, how they are sorted,
which columns they show. What was typed into the filter is not kept: it may name somebody whom nobody would look for
here on the day when they are to be forgotten.
"""

from dataclasses import dataclass
from enum import auto
from typing import Annotated

import sqlalchemy as sa

from central.kernel.actor import ActorKind
from central.kernel.entity import BY_NAME, METADATA, Between, Loose
from central.kernel.excuses import unproved
from central.kernel.people_tables import forgets
from central.kernel.personal_data import Personal, PersonalKind
from central.kernel.registry import handles
from central.kernel.tx import Read, Tx
from central.organisation.model import NoSignIn
from central.web.kept_views import MOST_NAME, MOST_VIEWS, KeptView, worth_keeping
from shared.ids import LENGTH, Id, derived_id
from shared.outcome import Ok, Outcome, Reason, Refused

VIEW = sa.Table(
    "list_view",
    METADATA,
    sa.Column("id", sa.String(LENGTH), primary_key=True),  # of whose it is, the list and the name
    sa.Column("operator_id", sa.String(LENGTH), nullable=False),
    sa.Column("entity", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("query", sa.Text, nullable=False),
    sa.Index("ix_list_view_operator_id", "operator_id", "entity"),
    sqlite_with_rowid=False,
)

unproved("list_view", "how somebody likes to see a list; whoever forges one shows them no more than they may see")


class NoView(Reason):
    """Why a view of a list is not kept, in order."""

    NO_SUCH_LIST = auto()
    TOO_MANY = auto()  # whose: a person and a list


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepListView:
    """Keeps how a list is seen, for oneself. One of the same name is replaced."""

    entity: Annotated[str, Between(most=60)]
    name: Annotated[str, Between(1, MOST_NAME), Personal(PersonalKind.IDENTITY, "")]
    query: Annotated[str, Between(most=1000), Personal(PersonalKind.IDENTITY, "")]


@handles(KeepListView, needs=None, refuses=(NoSignIn, NoView))  # open: one's own view of a list
def keep_list_view(tx: Tx, want: KeepListView) -> Outcome[None]:
    if tx.actor.kind is not ActorKind.OPERATOR:
        return Refused(NoSignIn.UNKNOWN)
    if want.entity not in BY_NAME:
        return Refused(NoView.NO_SUCH_LIST, fix="entity")
    key = derived_id("list view", tx.actor.id, want.entity, want.name.casefold())
    if len([view for view in views_of(tx, tx.actor.id, want.entity) if view.id != key]) >= MOST_VIEWS:
        return Refused(NoView.TOO_MANY, fix="name", detail={"most": MOST_VIEWS})
    tx.write(
        "INSERT INTO list_view (id, operator_id, entity, name, query) VALUES (:id, :operator, :entity, :name, :query) "
        "ON CONFLICT (id) DO UPDATE SET name = :name, query = :query",
        id=key, operator=tx.actor.id, entity=want.entity, name=want.name,
        query=worth_keeping(want.entity, want.query),
    )  # fmt: skip
    return Ok(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DropListView:
    """Takes away a view of one's own. One that is gone already, or somebody else's, is no fault: nothing happens."""

    view_id: Annotated[Id, Loose("a view of whoever says it: of nobody else's is anything taken away")]


@handles(DropListView, needs=None, refuses=(NoSignIn,))  # open: one's own view of a list
def drop_list_view(tx: Tx, want: DropListView) -> Outcome[None]:
    if tx.actor.kind is not ActorKind.OPERATOR:
        return Refused(NoSignIn.UNKNOWN)
    tx.write("DELETE FROM list_view WHERE id = :id AND operator_id = :own", id=want.view_id, own=tx.actor.id)
    return Ok(None)


def views_of(read: Read, operator_id: str, entity: str) -> list[KeptView]:
    rows = read.run(
        "SELECT id, name, query FROM list_view WHERE operator_id = :operator AND entity = :entity "
        "ORDER BY name, id LIMIT :most",
        operator=operator_id, entity=entity, most=MOST_VIEWS,
    )  # fmt: skip
    return [KeptView(Id(id_), name, query) for id_, name, query in rows]


def _drop_views_of(tx: Tx, operator_id: Id) -> None:
    tx.write("DELETE FROM list_view WHERE operator_id = :id", id=operator_id)


forgets("operator", "list_view", _drop_views_of)
