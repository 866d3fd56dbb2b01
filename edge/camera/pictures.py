"""Still pictures: which files are pictures, and their decoding to upright BGR."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.types import Image

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})
_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"
_GIF_START = b"GIF8"
_PNG_START, _PNG_END = b"\x89PNG", b"IEND"


def is_picture(path: Path) -> bool:
    """Whether the name says picture, or the content does whatever the name says. A GIF is a short video."""
    if path.suffix.lower() in PICTURE_SUFFIXES:
        return True
    with path.open("rb") as file:
        return file.read(len(_GIF_START)) != _GIF_START and cv2.haveImageReader(str(path))


def picture_files(folder: Path) -> list[Path]:
    """The pictures of a folder in natural order: 2.png before 10.png."""
    return sorted((path for path in folder.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES), key=_natural)


def read_picture(path: Path) -> Image | None:
    """H x W x 3, turned as EXIF says, grey and alpha converted; None if it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return decode_picture(np.frombuffer(data, np.uint8))


def decode_picture(data: NDArray[np.uint8]) -> Image | None:
    """Decode a JPEG, PNG, ... held in memory; None if it is damaged."""
    if not _is_whole(data.tobytes()):
        return None
    try:
        return cast("Image | None", cv2.imdecode(data, cv2.IMREAD_COLOR))
    except cv2.error:  # a header that claims an absurd size
        return None


def mirror(image: Image) -> Image:
    """Left and right exchanged: a mirroring camera's picture put right."""
    return cast("Image", cv2.flip(image, 1))


def _is_whole(data: bytes) -> bool:
    """False for a cut file: libjpeg fills the missing part with grey, and both libraries write to stderr."""
    if data.startswith(_JPEG_START):
        return _JPEG_END in data
    if data.startswith(_PNG_START):
        return _PNG_END in data
    return bool(data)


def _natural(path: Path) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", path.name.lower())]
