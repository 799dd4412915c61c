"""The demo's theatre: the committed file is what the generator draws, and a house as one would want it."""

from collections import Counter

from central.venues.planfile import read_plan, write_plan
from parterre.demo.theatre import FILE, theatre
from shared.outcome import Ok


def test_the_file_is_what_is_drawn():
    assert FILE.read_bytes() == write_plan(theatre()), "run: python -m parterre.demo.theatre"


def test_the_file_is_a_sound_plan():
    assert read_plan(FILE.read_bytes()) == Ok(theatre())


def test_the_house():
    places = theatre().places
    assert 950 <= len(places) <= 1050
    assert Counter(place.zone for place in places).keys() == {"Parterre", "Loges jardin", "Loges cour", "Balcon"}
    assert set(Counter(place.seat.category for place in places)) == {"Carré or", "1re", "2e", "3e", "PMR"}
    wheelchairs = [place for place in places if place.wheelchair]
    assert len(wheelchairs) >= len(places) // 100, "one in a hundred, and each with a companion's seat"
    assert len(wheelchairs) == sum(place.companion for place in places)
    best = min(places, key=lambda place: place.quality)
    assert best.zone == "Parterre"
    assert abs(best.seat.x - 600) < 30
    mirrored = {(round(1200 - place.seat.x, 1), place.seat.y) for place in places}
    assert mirrored == {(round(place.seat.x, 1), place.seat.y) for place in places}
