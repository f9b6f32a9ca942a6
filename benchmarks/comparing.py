"""Comparing contestants turn by turn, and reporting medians and ratios."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

__all__ = [
    "MICROSECONDS",
    "MILLISECONDS",
    "Case",
    "Contestant",
    "Row",
    "Unit",
    "compare",
    "markdown",
    "table",
    "write_json",
    "yes_or_no",
]

WARM_UP_ROUNDS = 2

_HEAD = ("what", "ours", "peer", "ratio", "wanted", "met")


class Unit(NamedTuple):
    """A unit of time and how many digits behind the point it is shown with."""

    name: str
    per_second: float
    digits: int


MILLISECONDS = Unit("ms", 1e3, 0)
MICROSECONDS = Unit("µs", 1e6, 1)


@dataclass(frozen=True)
class Contestant:
    """Something to measure: ``measure`` returns seconds; ``wanted`` is the highest ratio of ours to this one."""

    name: str
    measure: Callable[[], float]
    wanted: float | None = None


@dataclass(frozen=True)
class Case:
    """One thing that ours and its peers all do."""

    what: str
    ours: Contestant
    peers: tuple[Contestant, ...]


@dataclass(frozen=True)
class Row:
    """Ours against one peer: medians in seconds, and the median of the ratios of each round."""

    what: str
    ours: str
    ours_seconds: float
    peer: str
    peer_seconds: float
    ratio: float
    wanted: float | None
    met: bool | None
    ours_samples: tuple[float, ...]
    peer_samples: tuple[float, ...]


def compare(case: Case, runs: int) -> list[Row]:
    """Measure all contestants of a case in turn, ``runs`` rounds after the warm-up, and return a row a peer.

    Neighbours in time share whatever else the machine is doing, so the ratio is taken in each round, and the median
    of the ratios counts rather than the ratio of the medians.
    """
    contestants = (case.ours, *case.peers)
    rounds = [[contestant.measure() for contestant in contestants] for _ in range(WARM_UP_ROUNDS + runs)]
    ours, *peers = zip(*rounds[WARM_UP_ROUNDS:], strict=True)
    return [_row(case, peer, ours, samples) for peer, samples in zip(case.peers, peers, strict=True)]


def _row(case: Case, peer: Contestant, ours: tuple[float, ...], theirs: tuple[float, ...]) -> Row:
    ratio = median(mine / other for mine, other in zip(ours, theirs, strict=True))
    return Row(
        what=case.what,
        ours=case.ours.name,
        ours_seconds=median(ours),
        peer=peer.name,
        peer_seconds=median(theirs),
        ratio=ratio,
        wanted=peer.wanted,
        met=None if peer.wanted is None else ratio <= peer.wanted,
        ours_samples=ours,
        peer_samples=theirs,
    )


def markdown(rows: Iterable[Row], unit: Unit = MILLISECONDS) -> str:
    """Return the rows as a Markdown table, times in ``unit``."""
    return table(_HEAD, (_cells(row, unit) for row in rows))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table whose columns line up."""
    lines = [head, ["-" * len(title) for title in head], *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        f"| {' | '.join(cell.ljust(size) for cell, size in zip(cells, widths, strict=True))} |" for cells in lines
    )


def _cells(row: Row, unit: Unit) -> tuple[str, ...]:
    return (
        row.what,
        f"{row.ours_seconds * unit.per_second:.{unit.digits}f} {unit.name} ({row.ours})",
        f"{row.peer_seconds * unit.per_second:.{unit.digits}f} {unit.name} ({row.peer})",
        f"{row.ratio:.2f}",
        "-" if row.wanted is None else f"at most {row.wanted:.2g}",
        yes_or_no(row.met),
    )


def yes_or_no(met: bool | None) -> str:
    """Return how a table says whether what was wanted is met; None stands for nothing wanted."""
    return {None: "-", True: "yes", False: "no"}[met]


def write_json(file: Path, rows: Sequence[Any], distributions: Iterable[str], **more: Any) -> None:
    """Write the rows with their samples (in seconds), the machine, and the versions of ``distributions``.

    ``rows`` are data classes; ``more`` are values by name that are written beside them.
    """
    report = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": {name: version(name) for name in distributions},
        "rows": [asdict(row) for row in rows],
        **more,
    }
    file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
