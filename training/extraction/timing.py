"""A store's clip has one frame rate: uneven frames are put on an even time grid."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.types import Floats

_UNEVEN = 0.35
"""Of the usual frame period. Containers round time stamps to a millisecond: 0.03 at 30 frames a second."""
_HELD_SECONDS = 0.15
"""How far from a moment a frame still stands for it; where all are farther, nothing was seen."""


class Grid(NamedTuple):
    """How frames become a clip of one rate."""

    fps: float
    """0 for a single frame."""
    frames: NDArray[np.int64]
    """Which frame is shown at each moment; -1 where none is near."""


def even_grid(times: list[float]) -> Grid:
    """Increasing frame times in seconds to a grid of the usual frame period. Evenly timed frames stay as they are."""
    ts = np.array(times, np.float64)
    if len(ts) < 2:
        return Grid(0.0, np.arange(len(ts)))
    steps = np.diff(ts)
    period = float(np.median(steps))
    if (np.abs(steps - period) <= _UNEVEN * period).all():
        return Grid((len(ts) - 1) / float(ts[-1] - ts[0]), np.arange(len(ts)))
    moments = ts[0] + period * np.arange(round(float(ts[-1] - ts[0]) / period) + 1)
    after = np.clip(np.searchsorted(ts, moments), 1, len(ts) - 1)
    nearest = np.where(moments - ts[after - 1] <= ts[after] - moments, after - 1, after)
    away = np.abs(ts[nearest] - moments) > max(_HELD_SECONDS, period)
    return Grid(1 / period, np.where(away, -1, nearest))


def on_grid(values: Floats, grid: Grid) -> Floats:
    """(T, ...) landmarks of the frames, put on the grid's moments; NaN where no frame is near."""
    rows: Floats = values[grid.frames].copy()
    rows[grid.frames < 0] = np.nan
    return rows
