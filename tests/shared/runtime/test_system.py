"""The machine's clocks and fresh ids."""

from datetime import UTC, datetime

from shared.clock import Reading
from shared.ids import id_at, is_id
from shared.runtime.system import SystemClock, fresh_id


def test_both_clocks_go_on_within_one_boot() -> None:
    clock = SystemClock()
    first, second = clock.read(), SystemClock().read()
    assert first.wall.tzinfo is UTC
    assert first.wall <= second.wall
    assert first.mono_ms <= second.mono_ms
    assert clock.read().boot_id == first.boot_id != ""


def test_fresh_ids_differ_and_a_seeded_clock_repeats_them() -> None:
    class Seeded:
        def read(self) -> Reading:
            return Reading(datetime(2026, 1, 1, tzinfo=UTC), 0, "boot")

        def chance(self, size: int) -> bytes:
            return bytes(size)

    ids = {fresh_id(SystemClock()) for _ in range(100)}
    assert len(ids) == 100
    assert all(map(is_id, ids))
    assert fresh_id(Seeded()) == fresh_id(Seeded()) == id_at(1767225600000, bytes(10))
