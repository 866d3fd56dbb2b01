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
_LONGEST_FRAMES = 10_000
_POSE, _FACE, _HAND = 33 * 4, 468 * 3, 21 * 3
_FRAME_NUMBERS = _POSE + _FACE + 2 * _HAND


def read_gislr(item: Item) -> Clip:
    """A sequence of Kaggle's layout: a row a landmark. Frame numbers that are left out are frames that show nothing.

    Raises:
        BadRecordingError: it is damaged, or shows no hand.
    """
    try:
        table = pq.read_table(item.path, columns=["frame", "type", "landmark_index", "x", "y", "z"])
    except (OSError, pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise BadRecordingError(f"{item.path}: not a GISLR sequence ({str(error).splitlines()[0]})") from error
    frames = table["frame"].to_numpy()
    if not len(frames) or frames.max() - frames.min() >= _LONGEST_FRAMES:
        raise BadRecordingError(f"{item.path}: no frames, or frame numbers that cannot be; copy the file again")
    points = np.stack([table[axis].to_numpy() for axis in "xyz"], axis=1).astype(np.float32)
    types, indices = np.array(table["type"].to_pylist()), table["landmark_index"].to_numpy()
    rows = frames - frames.min()
    parts = {name: np.full((rows.max() + 1, count, 3), np.nan, np.float32) for name, count in _PARTS.items()}
    for name, part in parts.items():
        here = types == name
        if (indices[here] >= _PARTS[name]).any():
            raise BadRecordingError(f"{item.path}: a {name} of more than {_PARTS[name]} points; copy the file again")
        part[rows[here], indices[here]] = points[here]
    hands = np.stack([parts["left_hand"], parts["right_hand"]], axis=1)
    visibility = np.full((*parts["pose"].shape[:2], 1), np.nan, np.float32)
    return item.clip_of(_whole(hands), np.concatenate([parts["pose"], visibility], axis=2), item.fps, item.size)


def read_arrays(item: Item) -> Clip:
    """A folder of `0.npy`, `1.npy`, ...: pose, face, left and right hand of one frame each; zeros = not seen.

    Raises:
        BadRecordingError: a frame is damaged or of another length, or no hand is seen in any.
    """
    rows = np.stack([_array(path) for path in sorted(item.path.glob("*.npy"), key=_number)])
    pose = rows[:, :_POSE].reshape(-1, 33, 4)
    hands = rows[:, _POSE + _FACE :].reshape(-1, 2, 21, 3)
    return item.clip_of(_seen(hands), _seen(pose), item.fps, item.size)


def _array(path: Path) -> Floats:
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise BadRecordingError(f"{path}: not a numpy array ({str(error).splitlines()[0]})") from error
    if values.shape != (_FRAME_NUMBERS,):
        raise BadRecordingError(
            f"{path}: {values.shape} numbers, wanted ({_FRAME_NUMBERS},): pose 33x4, face 468x3, hands 2x21x3"
        )
    return np.asarray(values, np.float32)


def _number(path: Path) -> tuple[int, str]:
    """Frames in the order of their numbers: 2.npy before 10.npy."""
    digits = re.findall(r"\d+", path.stem)
    return (int(digits[-1]) if digits else -1, path.stem)


def _seen(points: Floats) -> Floats:
    """Zeros, which stand for a hand or body that was not found, made NaN."""
    missing = np.equal(points, 0).all(axis=(-2, -1), keepdims=True)
    return np.where(missing, np.float32(np.nan), points)


def _whole(hands: Floats) -> Floats:
    """A hand is seen whole or not at all."""
    return np.where(np.isnan(hands).any(axis=(-2, -1), keepdims=True), np.float32(np.nan), hands)
