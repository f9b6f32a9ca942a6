"""From what was measured to tables: medians, ratios, and whether what is wanted is met."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from comparing import table, yes_or_no
from load import Load
from servers import CHEROOT, DJANGO, DJANGO_CLOSING, FLASK, GRANIAN, GUNICORN, OURS, PLAIN, THREADS, WAITRESS
from workloads import TEXT, Workload

__all__ = ["CONNECTIONS", "Case", "Loads", "Verdict", "loads_table", "verdicts", "verdicts_table"]

FEW, SOME, MANY = CONNECTIONS = (1, 32, 256)

# The lowest ratios of our rate to theirs, for the text at 32 connections.
WANTED_OF_PEERS: Mapping[str, float] = {
    FLASK: 10.0,
    DJANGO: 12.0,
    DJANGO_CLOSING: 12.0,
    GUNICORN: 6.0,
    GRANIAN: 2.0,
    THREADS: 0.15,
}
WANTED_OF_PLAIN: Mapping[str, float] = {WAITRESS: 1.0, CHEROOT: 1.0}
WANTED_OF_MANY = 0.8
WANTED_P99 = 10.0
WANTED_LATENCY = 3.0

_LOADS_HEAD = ("what", "server", "requests/s", "p50", "p99", "errors")
_VERDICTS_HEAD = ("what", "ours", "beside", "ratio", "wanted", "met")


class Case(NamedTuple):
    """A workload through a number of connections."""

    workload: Workload
    connections: int

    @property
    def name(self) -> str:
        """What tables call it."""
        return f"{self.workload.name}, {self.connections} connection{'s' if self.connections > 1 else ''}"


Loads = Mapping[tuple[Case, str], Sequence[Load]]
"""The runs of each round, by case and by the server's name."""


@dataclass(frozen=True)
class Figure:
    """One side of a comparison: a name, a unit (requests a second, or seconds), and a value of each round."""

    name: str
    unit: str
    values: tuple[float, ...]
    has_errors: bool


@dataclass(frozen=True)
class Verdict:
    """Ours against another figure: the median of the ratios of each round, and the bound that is wanted of it."""

    what: str
    ours: Figure
    other: Figure
    ratio: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the bound is met, which a run of ours with errors never is; None where nothing is wanted."""
        if self.at_least is None and self.at_most is None:
            return None
        high_enough = self.at_least is None or self.ratio >= self.at_least
        low_enough = self.at_most is None or self.ratio <= self.at_most
        return high_enough and low_enough and not self.ours.has_errors


def verdicts(loads: Loads) -> list[Verdict]:
    """Return all comparisons whose two sides were measured, those with a bound first."""
    found = [*_own(loads), *_with_peers(loads)]
    return sorted(found, key=lambda verdict: verdict.met is None)


def _own(loads: Loads) -> Iterator[Verdict]:
    """Yield what is wanted of latency and of how well many connections are served."""
    few, some, many = (Case(TEXT, connections) for connections in CONNECTIONS)
    if (some, OURS) in loads:
        at_some = loads[some, OURS]
        p50, p99 = _figure("its p50", "s", at_some, _p50), _figure(f"{OURS}, p99", "s", at_some, _p99)
        yield _verdict(some.name, p99, p50, at_most=WANTED_P99)
        if (many, OURS) in loads:
            rate, beside = _rate(OURS, loads[many, OURS]), _rate(f"at {SOME} connections", at_some)
            yield _verdict(many.name, rate, beside, at_least=WANTED_OF_MANY)
    if (few, OURS) in loads and (few, THREADS) in loads:
        mine = _figure(f"{OURS}, p50", "s", loads[few, OURS], _p50)
        yield _verdict(few.name, mine, _figure(THREADS, "s", loads[few, THREADS], _p50), at_most=WANTED_LATENCY)


def _with_peers(loads: Loads) -> Iterator[Verdict]:
    """Yield our rates beside each peer's, the whole framework first and a plain application behind it."""
    for (case, name), theirs in loads.items():
        ours, wanted = (PLAIN, WANTED_OF_PLAIN) if name in WANTED_OF_PLAIN else (OURS, WANTED_OF_PEERS)
        if name != ours and (case, ours) in loads:
            bound = wanted.get(name) if case == (TEXT, SOME) else None
            yield _verdict(case.name, _rate(ours, loads[case, ours]), _rate(name, theirs), at_least=bound)


def _verdict(
    what: str, ours: Figure, other: Figure, *, at_least: float | None = None, at_most: float | None = None
) -> Verdict:
    # A peer that answered nothing at all is beaten by any rate.
    ratios = [mine / theirs if theirs else float("inf") for mine, theirs in zip(ours.values, other.values, strict=True)]
    return Verdict(what, ours, other, median(ratios), at_least, at_most)


def _rate(name: str, loads: Sequence[Load]) -> Figure:
    return _figure(name, "/s", loads, lambda load: load.rate)


def _p50(load: Load) -> float:
    return load.p50


def _p99(load: Load) -> float:
    return load.p99


def _figure(name: str, unit: str, loads: Sequence[Load], value: Callable[[Load], float]) -> Figure:
    return Figure(name, unit, tuple(map(value, loads)), any(load.errors for load in loads))


def verdicts_table(found: Iterable[Verdict]) -> str:
    """Return the comparisons as a Markdown table; a figure with an exclamation mark had errors."""
    return table(_VERDICTS_HEAD, map(_cells, found))


def _cells(verdict: Verdict) -> tuple[str, ...]:
    wanted = "-"
    if verdict.at_least is not None:
        wanted = f"at least {verdict.at_least:.2g}"
    elif verdict.at_most is not None:
        wanted = f"at most {verdict.at_most:.2g}"
    return (
        verdict.what,
        _shown(verdict.ours),
        _shown(verdict.other),
        f"{verdict.ratio:.2f}",
        wanted,
        yes_or_no(verdict.met),
    )


def _shown(figure: Figure) -> str:
    value = median(figure.values)
    text = f"{value:.0f}/s" if figure.unit == "/s" else _milliseconds(value)
    return f"{text}{'!' if figure.has_errors else ''} ({figure.name})"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms" if seconds < 1 else f"{seconds * 1000:.0f} ms"


def loads_table(loads: Loads) -> str:
    """Return the medians of what was measured, and all errors, as a Markdown table."""
    return table(_LOADS_HEAD, (_load_cells(case, name, runs) for (case, name), runs in loads.items()))


def _load_cells(case: Case, name: str, runs: Sequence[Load]) -> tuple[str, ...]:
    kinds = sorted({kind for run in runs for kind in run.errors})
    errors = (f"{sum(run.errors.get(kind, 0) for run in runs)} {kind}" for kind in kinds)
    return (
        case.name,
        name,
        f"{median(run.rate for run in runs):.0f}",
        _milliseconds(median(map(_p50, runs))),
        _milliseconds(median(map(_p99, runs))),
        ", ".join(errors) or "-",
    )
