"""Still pictures: which files are pictures, and decoding them to upright BGR."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.types import Image, Packed

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})
_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"
_JPEG_MARKER, _JPEG_FRAMES = 0xFF, frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""What begins a segment, and the segments that begin with the picture's size."""
_GIF_START = b"GIF8"
_PNG_START, _PNG_END = b"\x89PNG", b"IEND"
_LONGEST_SIDE_PX = 2**15 - 2
"""OpenCV cannot warp larger pictures."""


def is_picture(path: Path) -> bool:
    """Whether name or content says that it is a picture. A GIF is a short video."""
    if path.suffix.lower() in PICTURE_SUFFIXES:
        return True
    with path.open("rb") as file:
        return file.read(len(_GIF_START)) != _GIF_START and cv2.haveImageReader(str(path))


def picture_files(folder: Path) -> list[Path]:
    """The pictures of a folder in natural order: 2.png before 10.png."""
    return sorted((path for path in folder.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES), key=_natural)


def read_picture(path: Path) -> Image | None:
    """H x W x 3, turned by EXIF, grey and alpha converted; None if unreadable or a side is too long."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    image = decode_picture(np.frombuffer(data, np.uint8))
    return image if image is not None and max(image.shape) <= _LONGEST_SIDE_PX else None


def decode_picture(data: NDArray[np.uint8]) -> Image | None:
    """Decode a JPEG, PNG, ... held in memory; None if it is damaged."""
    return _decoded(data) if _is_whole(data.tobytes()) else None


@dataclass(frozen=True, slots=True)
class Jpeg:
    """A camera's or video's JPEG, decoded only at an eighth: if nobody is there, it is never decoded in full."""

    data: NDArray[np.uint8]
    small: Image
    size: tuple[int, int]
    flip: bool = False

    def decoded(self) -> Image:
        image = _decoded(self.data)
        if image is None:  # at an eighth it could be decoded: better coarse than none
            return cast("Image", cv2.resize(self.small, self.size[::-1]))
        return mirror(image) if self.flip else image

    def mirrored(self) -> "Jpeg":
        return replace(self, small=mirror(self.small), flip=not self.flip)


def read_jpeg(data: NDArray[np.uint8]) -> Jpeg | None:
    """A JPEG held in memory; None if it is damaged."""
    content = data.tobytes()
    size = _jpeg_size(content)
    if size is None or not _is_whole(content):
        return None
    small = _decoded(data, cv2.IMREAD_REDUCED_COLOR_8)
    if small is None:
        return None
    # The header describes the picture as stored; both decodings are turned by EXIF.
    as_it_lies = tuple(-(-side // 8) for side in size)
    return Jpeg(data, small, size if small.shape[:2] == as_it_lies else size[::-1])


def _decoded(data: NDArray[np.uint8], how: int = cv2.IMREAD_COLOR) -> Image | None:
    try:
        return cast("Image | None", cv2.imdecode(data, how))
    except cv2.error:  # a header that claims an absurd size
        return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Height and width, from the header of the first scan; None if there is none."""
    at = len(_JPEG_START)
    while at + 9 <= len(data) and data[at] == _JPEG_MARKER:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _JPEG_FRAMES:
            return int.from_bytes(data[at + 5 : at + 7], "big"), int.from_bytes(data[at + 7 : at + 9], "big")
        at += 2 + length
    return None


def mirror(image: Image) -> Image:
    """Swap left and right: corrects a mirroring camera's picture."""
    return cast("Image", cv2.flip(image, 1))


def mirrored(picture: Image | Packed) -> Image | Packed:
    """The same for one that may not be decoded yet."""
    return mirror(picture) if isinstance(picture, np.ndarray) else picture.mirrored()


def _is_whole(data: bytes) -> bool:
    """False for a cut file: libjpeg fills the missing part with grey, and both libraries write to stderr."""
    if data.startswith(_JPEG_START):
        return _JPEG_END in data
    if data.startswith(_PNG_START):
        return _PNG_END in data
    return bool(data)


def _natural(path: Path) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", path.name.lower())]
