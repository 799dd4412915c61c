"""One seed from beginning to end: evening, healing, invariants, replays."""

import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.sim.heal import heal
from tests.sim.invariants import faults
from tests.sim.replay import replay_faults
from tests.sim.scene import Scene, first_images, in_simulation, new_scene
from tests.sim.walk import Walk, Weather
from tests.sim.world import World


@dataclass(frozen=True, slots=True)
class Result:
    seed: int
    faults: tuple[str, ...]
    transcript: tuple[str, ...]
    seconds: float
    sold: int = 0
    admitted: int = 0
    facts: int = 0
    anomalies: int = 0

    def told(self) -> str:
        """What a person needs to see it again."""
        lines = [
            f"seed {self.seed} fails; see it again with: python tests/sim/run.py --seeds {self.seed} --verbose",
            *(f"  - {fault}" for fault in self.faults),
            "what happened:",
            *(f"  {line}" for line in self.transcript),
        ]
        return "\n".join(lines)


def run_seed(seed: int, weather: Weather | None = None) -> Result:
    """`weather`: instead of the seed's own."""
    return run_story(seed, lambda scene: Walk(scene, weather).evening())


def run_story(seed: int, evening: Callable[[Scene], Awaitable[object]]) -> Result:
    """An evening, then healing and every check."""
    first_images()  # on a loop of its own
    began = time.perf_counter()
    found: list[str] = []
    counts: dict[str, int] = {}

    async def story(world: World) -> None:
        scene = new_scene(world)
        try:
            await evening(scene)
            await heal(scene)
            found.extend(faults(scene))
            found.extend(replay_faults(scene))
            for name, sql in COUNTS.items():
                counts[name] = scene.office.rows(sql)[0][0]
        except Exception:  # a bug of a device's or of the bench's own: the seed shows it again
            found.extend([*world.faults, f"an exception came through:\n{traceback.format_exc()}"])
        finally:
            await scene.close()

    world = in_simulation(seed, story)
    return Result(seed, tuple(found), tuple(world.transcript), time.perf_counter() - began, **counts)


COUNTS = {
    "sold": "SELECT COUNT(*) FROM order_line",
    "admitted": "SELECT COUNT(*) FROM admission",
    "facts": "SELECT COUNT(*) FROM fact",
    "anomalies": "SELECT COUNT(*) FROM anomaly",
}
