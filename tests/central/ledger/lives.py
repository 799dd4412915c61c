"""What the tests of everything declared must be told of the ledger."""

from tests.central.small_house import Clerk, House

WORKED_OUT = {
    "balance_carried": "INSERT INTO balance_carried (account_id, through, billions, rest) VALUES ('none', 1, 0, 7)",
}
"""Makes rows wrong that the area checks itself, for test_row_proof.py."""

PIECE = "of what the house moved, so much in one command"
GROWS = {
    r"SELECT at FROM move WHERE at > :after": PIECE,
    r"^SELECT account, SUM\(billions\), SUM\(rest\) FROM \(SELECT debit_id": PIECE,
}
"""Statements that do more where a neighbour has more, and why they may, for test_neighbours.py."""


def lives(_: Clerk, __: House) -> None:
    """None of its rows has a life: an account is opened, and a move is for ever."""
