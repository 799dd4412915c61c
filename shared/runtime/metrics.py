"""What a process counts for Prometheus. A family is declared once, beside what it counts, with all the values that its
labels may have: whatever else is said counts as `other`, so that no caller can make a scrape grow.

    REFUSED = counter("parterre_refused_total", "Commands that the door refused, by reason.", reason=NoEntry)
    REFUSED.add(reason="busy")

Families are the process's, not a door's or a listener's: two of those in one process add to the same numbers.
docs/operation.md lists every family (tests/central/web/test_metrics.py holds the two together).
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import EnumMeta, StrEnum
from typing import Any, TypeVar

import prometheus_client as prometheus

OTHER = "other"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

Values = type[StrEnum] | Iterable[str] | Callable[[], Container[str]]
"""What a label may say: an enum, its values, or a function that gives them, for what is only known later (the names of
commands)."""

Bounds = frozenset[str] | Callable[[], Container[str]]

REGISTRY = prometheus.CollectorRegistry()
prometheus.disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, which nobody asks for
prometheus.ProcessCollector(registry=REGISTRY)


@dataclass(frozen=True, slots=True)
class MetricFamily:
    """One documented name with its labels."""

    name: str
    kind: str
    doc: str
    labels: Mapping[str, Bounds]
    _of: Any
    _known: dict[tuple[str, ...], Any] = field(default_factory=dict)

    def _child(self, said: Mapping[str, str]) -> Any:
        if not self.labels and not said:
            return self._of
        names, values = (*said,), (*said.values(),)
        if found := self._known.get(names + values):
            return found
        if said.keys() != self.labels.keys():
            raise ValueError(f"{self.name} has the labels {sorted(self.labels)}, not {sorted(said)}")
        bounded = {label: self._bounded(label, value) for label, value in said.items()}
        child = self._of.labels(**bounded)
        if (*bounded.values(),) == values:  # what is `other` now may be known later; and only what is known is kept
            self._known[names + values] = child
        return child

    def _bounded(self, label: str, value: str) -> str:
        values = self.labels[label]
        return str(value) if value in (values() if callable(values) else values) else OTHER

    def value(self, **said: str) -> float:
        """What it stands at, 0 for what never happened; a histogram: how many."""
        suffix = "_count" if self.kind == "histogram" else ""
        bounded = {label: self._bounded(label, value) for label, value in said.items()}
        return REGISTRY.get_sample_value(self.name + suffix, bounded) or 0.0


class Counter(MetricFamily):
    """Only grows; the name ends in `_total`."""

    def add(self, n: float = 1, **labels: str) -> None:
        self._child(labels).inc(n)


class MetricGauge(MetricFamily):
    """Goes up and down."""

    def set(self, value: float, **labels: str) -> None:
        self._child(labels).set(value)


class Histogram(MetricFamily):
    """How long, in seconds, or how much."""

    def took(self, amount: float, **labels: str) -> None:
        self._child(labels).observe(amount)


FAMILIES: dict[str, MetricFamily] = {}
F = TypeVar("F", bound=MetricFamily)


def counter(name: str, doc: str, **labels: Values) -> Counter:
    assert name.endswith("_total"), "a counter's name ends in _total"
    return _kept(Counter(name, "counter", doc, *_held(labels, prometheus.Counter, name, doc)))


def gauge(name: str, doc: str, **labels: Values) -> MetricGauge:
    return _kept(MetricGauge(name, "gauge", doc, *_held(labels, prometheus.Gauge, name, doc)))


def histogram(name: str, doc: str, buckets: Sequence[float] = SECONDS, **labels: Values) -> Histogram:
    return _kept(Histogram(name, "histogram", doc, *_held(labels, prometheus.Histogram, name, doc, buckets=buckets)))


def _held(
    labels: Mapping[str, Values], make: Callable[..., Any], name: str, doc: str, **more: Any
) -> tuple[Mapping[str, Bounds], Any]:
    held = {label: _bounds(values) for label, values in labels.items()}
    return held, make(name, doc, tuple(held), registry=REGISTRY, **more)


def _bounds(values: Values) -> Bounds:
    if isinstance(values, EnumMeta):  # which can be called too
        return frozenset(map(str, values))
    return values if callable(values) else frozenset(values)


def _kept(family: F) -> F:
    FAMILIES[family.name] = family
    return family


def exposition() -> bytes:
    """All of it as Prometheus reads it (`CONTENT_TYPE`)."""
    return prometheus.generate_latest(REGISTRY)
