"""Reading a landmark store: one Parquet file, one row a clip.

Needs pyarrow, which the daemon does not: only `asl-edge models teach` and `training` read stores.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edge.errors import AslEdgeError, InputError
from edge.types import Floats, Landmarks

COLUMNS = (
    *("clip", "label", "kind", "signer", "source", "licence"),
    *("fps", "width", "height", "frames", "hands", "pose"),
)
_TEXTS = COLUMNS[:6]
UNKNOWN_FPS = 30.0
"""Rate at which a sequence without a frame rate is played; the sources' webcams run at 10 to 30."""
UNKNOWN_BRIGHTNESS = 128.0
"""Stores hold no pictures: these count as well lit."""
_BATCH_ROWS = 2048
_MENDS = {
    "licence": "write 'unknown' where none is stated",
    "fps": "write 0 where it is unknown",
    "width": "write whole pixels, int32",
    "height": "write whole pixels, int32",
    "frames": "write how many there are, int32",
}
"""By column, how to mend an unusable value; all other columns are text."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One row of a store."""

    clip: str
    label: str
    kind: str
    signer: str
    source: str
    licence: str
    fps: float
    """0 = a still, or unknown."""
    width: int
    height: int
    hands: Floats
    """(T, 2, 21, 3)."""
    pose: Floats
    """(T, 33, 4), or (0, 33, 4)."""

    @property
    def still(self) -> bool:
        return len(self.hands) == 1

    def landmarks(self) -> Iterator[Landmarks]:
        """The clip as the daemon would have seen it."""
        fps = self.fps if self.fps > 0 else UNKNOWN_FPS
        nobody = np.full((33, 4), np.nan, np.float32)
        for index, hands in enumerate(self.hands):
            yield Landmarks(
                ts=index / fps,
                width=self.width,
                height=self.height,
                hands=hands,
                presence=(~np.isnan(hands).any(axis=(1, 2))).astype(np.float32),
                pose=self.pose[index] if index < len(self.pose) else nobody,
                brightness=UNKNOWN_BRIGHTNESS,
            )


def read_store(path: Path) -> Iterator[Clip]:
    """All clips of a store, a batch of rows in memory at a time.

    Raises:
        InputError: the file is missing, is no Parquet file, lacks a column, or has a missing or infinite value.
        AslEdgeError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 - the daemon does without
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ImportError:
        raise AslEdgeError(f"{path}: reading a landmark store needs pyarrow; pip install 'asl-edge[teach]'") from None
    try:
        file = pq.ParquetFile(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; name a landmark store") from None
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{path}: not a landmark store ({str(error).splitlines()[0]})") from error
    not_once = [name for name in COLUMNS if file.schema_arrow.names.count(name) != 1]
    if not_once:
        raise InputError(f"{path}: not a landmark store, column '{not_once[0]}' is missing or there twice")
    try:
        before = 0
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=list(COLUMNS)):
            yield from _clips(batch, path, before)
            before += batch.num_rows
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path}: damaged ({str(error).splitlines()[0]}); copy or record it again") from error


def _clips(batch: Any, path: Path, before: int) -> Iterator[Clip]:
    """The clips of a batch of rows, after `before` others; errors count rows from 0, as tables do."""
    columns = {name: batch.column(name).to_pylist() for name in COLUMNS if name not in {"hands", "pose"}}
    hands, pose = batch.column("hands"), batch.column("pose")
    for row in range(batch.num_rows):
        values = {name: column[row] for name, column in columns.items()}
        unfit = [name for name, value in values.items() if not _fits(name, value)]
        where = f"{path}: row {before + row}, clip '{values['clip']}',"
        if unfit:
            mend = _MENDS.get(unfit[0], "write it as text")
            raise InputError(f"{where} has no {unfit[0]} that can be used ({values[unfit[0]]}); {mend}")
        frames = values.pop("frames")
        try:
            bodies = _floats(pose, row)
            points = _floats(hands, row).reshape(frames, 2, 21, 3), bodies.reshape(frames if bodies.size else 0, 33, 4)
        except (ValueError, TypeError, AttributeError) as error:
            raise InputError(f"{where} has landmarks of the wrong length ({error}); record it again") from error
        if any(np.isinf(each).any() for each in points):
            raise InputError(f"{where} has an infinite landmark; record it again")
        yield Clip(**values, hands=points[0], pose=points[1])


def _fits(name: str, value: object) -> bool:
    if name in _TEXTS:
        return isinstance(value, str)
    if name == "fps":
        return isinstance(value, int | float) and not math.isinf(value)
    least = 0 if name == "frames" else 1
    return isinstance(value, int) and value >= least


def _floats(column: Any, row: int) -> Floats:
    entry = column[row]
    if not entry.is_valid:  # in a column without values its type is null too
        return np.zeros(0, np.float32)
    return np.array(entry.values.to_numpy(zero_copy_only=False), np.float32)
