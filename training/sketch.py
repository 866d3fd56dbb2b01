"""Landmarks drawn as text, so that a recording can be watched where no picture may be shown."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edge.types import Floats, Landmarks

_FINGERS = [(0, 1, 2, 3, 4), (0, 5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16), (0, 17, 18, 19, 20), (5, 9, 13, 17)]
_BODY = [(11, 12), (11, 13, 15), (12, 14, 16), (11, 23, 24, 12), (7, 2, 0, 5, 8)]
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bits of a Braille character's dots: four rows of two."""


def sketch(landmarks: Landmarks, columns: int = 64, rows: int = 24, *, braille: bool = True) -> str:
    """`rows` lines of `columns` characters, as in a mirror: the signer's right hand is on the right.

    Without `braille` each character is one dot, for terminals that show no more than ASCII.
    """
    size = (rows * 4, columns * 2) if braille else (rows, columns)
    dots = np.zeros(size, np.bool_)
    for hand in landmarks.hands:
        _draw(dots, hand[:, :2], _FINGERS)
    _draw(dots, landmarks.pose[:, :2], _BODY)
    if not braille:
        return "\n".join("".join("#" if dot else " " for dot in line) for line in dots)
    blocks = dots.reshape(rows, 4, columns, 2)
    codes = (blocks * np.array(_DOTS)[None, :, None, :]).sum(axis=(1, 3))
    return "\n".join("".join(chr(0x2800 + code) for code in line) for line in codes)


def _draw(dots: NDArray[np.bool_], points: Floats, chains: list[tuple[int, ...]]) -> None:
    """Draw lines between points (x/width, y/height); points unseen or outside leave no trace."""
    height, width = dots.shape
    places = np.stack([(1 - points[:, 0]) * width, points[:, 1] * height], axis=1)
    for chain in chains:
        for one, other in pairwise(chain):
            start, end = places[one], places[other]
            if np.isnan([start, end]).any():
                continue
            steps = int(np.abs(end - start).max()) + 2
            line = np.linspace(start, end, min(steps, 4 * (width + height))).astype(int)
            inside = ((line >= 0) & (line < (width, height))).all(axis=1)
            dots[line[inside, 1], line[inside, 0]] = True
