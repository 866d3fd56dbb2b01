"""Layouts that hold landmarks instead of pictures: GISLR's Parquet sequences, folders of numpy frames."""

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from edge.types import Floats
from training.extraction.item import BadRecordingError, Item
from training.store import Clip

_PARTS = {"left_hand": 21, "right_hand": 21, "pose": 33}
_GISLR = pa.schema(
    [("frame", pa.int64()), ("type", pa.string()), ("landmark_index", pa.int64())]
    + [(axis, pa.float32()) for axis in "xyz"]
)
_LONGEST_FRAMES = 10_000
_POSE, _FACE, _HAND = 33 * 4, 468 * 3, 21 * 3
_FRAME_NUMBERS = _POSE + _FACE + 2 * _HAND


def read_gislr(item: Item) -> Clip:
    """A sequence in Kaggle's layout: one row a landmark. Missing frame numbers are frames that show nothing.

    Raises:
        BadRecordingError: it is damaged, or shows no hand.
    """
    try:
        table = pq.read_table(item.path, columns=_GISLR.names).select(_GISLR.names).cast(_GISLR)
    except (OSError, pa.ArrowException, KeyError) as error:
        raise BadRecordingError(f"{item.path}: not a GISLR sequence ({str(error).splitlines()[0]})") from error
    if table["frame"].null_count or table["landmark_index"].null_count:
        raise BadRecordingError(f"{item.path}: rows without frame or landmark_index; copy the file again")
    frames, indices, *axes = (table[name].to_numpy() for name in ("frame", "landmark_index", *"xyz"))
    if not len(frames) or int(frames.max()) - int(frames.min()) >= _LONGEST_FRAMES:
        raise BadRecordingError(f"{item.path}: no frames, or frame numbers that cannot be; copy the file again")
    points = _finite(np.stack(axes, axis=1), item.path)
    types, rows = np.array(table["type"].to_pylist()), frames - frames.min()
    parts = {name: np.full((rows.max() + 1, count, 3), np.nan, np.float32) for name, count in _PARTS.items()}
    for name, part in parts.items():
        here, most = types == name, _PARTS[name] - 1
        strange = indices[here & ((indices < 0) | (indices > most))]
        if len(strange):
            raise BadRecordingError(f"{item.path}: a {name} with point {strange[0]}, wanted 0 to {most}; copy it again")
        part[rows[here], indices[here]] = points[here]
    hands = np.stack([parts["left_hand"], parts["right_hand"]], axis=1)
    visibility = np.full((*parts["pose"].shape[:2], 1), np.nan, np.float32)
    return item.clip_of(_whole(hands), np.concatenate([parts["pose"], visibility], axis=2), item.fps, item.size)


def read_arrays(item: Item) -> Clip:
    """A folder of `0.npy`, `1.npy`, ...: pose, face, left and right hand of one frame each; zeros = not seen.

    Missing numbers are frames that show nothing.

    Raises:
        BadRecordingError: a frame is damaged or of another length, their order is unknown, or none shows a hand.
    """
    files: dict[int, Path] = {}
    for path in (file for file in item.path.iterdir() if file.suffix.lower() == ".npy"):
        number = _number(path)
        if number in files:
            raise BadRecordingError(f"{item.path}: two frames of number {number}; name them 0.npy, 1.npy, ...")
        files[number] = path
    first, last = min(files), max(files)
    if last - first >= _LONGEST_FRAMES:
        raise BadRecordingError(f"{item.path}: frame numbers that cannot be; name them 0.npy, 1.npy, ...")
    rows = np.full((last - first + 1, _FRAME_NUMBERS), np.nan, np.float32)
    for number, path in files.items():
        rows[number - first] = _array(path)
    pose = rows[:, :_POSE].reshape(-1, 33, 4)
    hands = rows[:, _POSE + _FACE :].reshape(-1, 2, 21, 3)
    return item.clip_of(_whole(_seen(hands)), _seen(pose), item.fps, item.size)


def _array(path: Path) -> Floats:
    try:
        with path.open("rb") as file:
            # np.load would accept archives too.
            values = np.lib.format.read_array(file, allow_pickle=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, EOFError) as error:
        raise BadRecordingError(f"{path}: not a numpy array ({str(error).splitlines()[0]})") from error
    if values.shape != (_FRAME_NUMBERS,):
        raise BadRecordingError(
            f"{path}: {values.shape} numbers, wanted ({_FRAME_NUMBERS},): pose 33x4, face 468x3, hands 2x21x3"
        )
    if values.dtype.kind not in "fiu":
        raise BadRecordingError(f"{path}: an array of {values.dtype}, wanted numbers; save it as float32")
    with np.errstate(over="ignore"):
        return _finite(np.asarray(values, np.float32), path)


def _number(path: Path) -> int:
    """The last number in a file's name says which frame it is."""
    digits = re.findall(r"\d+", path.stem)
    return int(digits[-1]) if digits else 0


def _finite(points: Floats, path: Path) -> Floats:
    """Numbers or NaN."""
    if np.isinf(points).any():
        raise BadRecordingError(f"{path}: infinite numbers; copy or record it again")
    return points


def _seen(points: Floats) -> Floats:
    """Zeros, which mean that a hand or body was not found, become NaN."""
    missing = np.equal(points, 0).all(axis=(-2, -1), keepdims=True)
    return np.where(missing, np.float32(np.nan), points)


def _whole(hands: Floats) -> Floats:
    """A hand is seen whole or not at all."""
    return np.where(np.isnan(hands).any(axis=(-2, -1), keepdims=True), np.float32(np.nan), hands)
