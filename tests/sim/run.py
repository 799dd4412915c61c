"""Runs seeds of the simulation: `python tests/sim/run.py --seeds 0-5000`. The first failing seeds are told in full."""

import argparse
import os
import sys
import time
from collections import Counter
from pathlib import Path


def seeds_of(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=seeds_of, default=range(1000), help="one seed, or first-last")
    parser.add_argument("--verbose", action="store_true", help="tell every evening, not only those that fail")
    parser.add_argument("--most", type=int, default=5, help="stop after so many failing seeds")
    wanted = parser.parse_args()
    from tests.sim.bench import run_seed

    began, failed, sums = time.perf_counter(), [], Counter[str]()
    for seed in wanted.seeds:
        result = run_seed(seed)
        sums.update(sold=result.sold, admitted=result.admitted, facts=result.facts, anomalies=result.anomalies)
        if result.faults:
            failed.append(seed)
            print(result.told(), flush=True)
        elif wanted.verbose:
            print("\n".join(result.transcript))
        if len(failed) >= wanted.most:
            break
    took = time.perf_counter() - began
    print(f"{len(wanted.seeds)} seeds in {took:.1f} s: {dict(sums)}; failed: {failed or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # sets come in the same order in every run
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})
    sys.path.insert(0, str(Path(__file__).parents[2]))
    sys.exit(main())
