"""Comparing contestants turn by turn, and reporting medians and ratios."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

__all__ = ["Case", "Contestant", "Row", "compare", "markdown", "write_json"]

WARM_UP_ROUNDS = 2

_HEAD = ("what", "ours", "peer", "ratio", "wanted", "met")


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


def markdown(rows: Iterable[Row]) -> str:
    """Return the rows as a Markdown table, times in milliseconds."""
    table = [_HEAD, tuple("-" * len(title) for title in _HEAD), *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        f"| {' | '.join(cell.ljust(size) for cell, size in zip(cells, widths, strict=True))} |" for cells in table
    )


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.what,
        f"{row.ours_seconds * 1000:.0f} ms ({row.ours})",
        f"{row.peer_seconds * 1000:.0f} ms ({row.peer})",
        f"{row.ratio:.2f}",
        "-" if row.wanted is None else f"at most {row.wanted}",
        {None: "-", True: "yes", False: "no"}[row.met],
    )


def write_json(file: Path, rows: Sequence[Row], distributions: Iterable[str]) -> None:
    """Write the rows with their samples (in seconds), the machine, and the versions of ``distributions``."""
    report = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": {name: version(name) for name in distributions},
        "rows": [asdict(row) for row in rows],
    }
    file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
