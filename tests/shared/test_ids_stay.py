"""Ids that follow from others are seen outside, printed and stored: whoever makes them quicker makes the same ones."""

from shared.ids import Id, derived_id, is_id, near_id

BASE = Id("01ARZ3NDEKTSV4RRFFQ69G5FAV")


def test_an_id_near_another_is_what_it_was() -> None:
    made = [near_id(BASE, "line", 0), near_id(BASE, "seat", BASE, BASE), near_id(BASE)]
    assert made == ["01ARZ3NDEKANB40YEWK2RJQAJ2", "01ARZ3NDEK4MNEHQ4100S28RTB", "01ARZ3NDEKECKKHDHYH6TJ7KYS"]
    assert all(map(is_id, made))


def test_parts_are_told_apart() -> None:
    assert near_id(BASE, "a", "b") != near_id(BASE, "ab") != near_id(BASE, "a b")
    assert near_id(BASE, 1) == near_id(BASE, "1") != derived_id(BASE, 1)
