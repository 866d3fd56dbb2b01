"""Real pictures and clips for calibration and for the error table, split by source."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2

from edge.errors import InputError
from edge.types import Image

HELD_OUT = frozenset({"barczak", "kingdavidko", "mariia", "t32rahman", "straciulita", "wlasl_test", "wlasl_val"})
"""Sources that only the error table sees: stills of bright and dark skin, clips, spelled words, many signers."""

NO_CALIBRATION = frozenset({"signingsavvy"})
"""Sources licensed for evaluation only: they must not set a network's ranges either."""

_SHORT_SIDE_PX = 192
"""Smaller stills are enlarged: the networks will see whole camera pictures, not thumbnails."""


@dataclass(frozen=True, slots=True)
class Picture:
    source: str
    image: Image


def check_data(data: Path) -> None:
    """Raise InputError unless `data` is a folder of `images/<source>/<label>/` and `clips/`."""
    for name in ("images", "clips"):
        if not (data / name).is_dir():
            raise InputError(f"{data / name}: no such folder; give --data a folder with images/ and clips/")


def stills(data: Path, *, held_out: bool, per_label: int) -> Iterator[Picture]:
    """Up to `per_label` pictures of each `data/images/<source>/<label>/`."""
    for folder in sorted((data / "images").iterdir()):
        if (folder.name in HELD_OUT) == held_out:
            for label in sorted(folder.iterdir()):
                for file in sorted(label.iterdir())[:per_label]:
                    yield Picture(folder.name, read_still(file))


def clips(data: Path, *, held_out: bool) -> list[tuple[str, Path]]:
    """(source, file) of the clips. A word clip's source precedes `__`, a spelled word's follows `spell_`.

    Clips for evaluation only are in neither part.
    """
    found = []
    for file in sorted((data / "clips").rglob("*.mp4")):
        source = file.stem.split("__")[0] if "__" in file.stem else file.stem.removeprefix("spell_").split("_")[0]
        if source not in NO_CALIBRATION and (source in HELD_OUT) == held_out:
            found.append((source, file))
    return found


def frames(file: Path, every: int = 1) -> Iterator[Image]:
    """Every n-th frame of a clip.

    Raises:
        InputError: the file is no video.
    """
    capture = cv2.VideoCapture(str(file))
    if not capture.isOpened():
        raise InputError(f"{file}: cannot be read as a video; give another clip")
    index = 0
    while capture.grab():
        if index % every == 0:
            yield capture.retrieve()[1].astype("uint8", copy=False)
        index += 1
    capture.release()


def read_still(file: Path) -> Image:
    image = cv2.imread(str(file))
    if image is None:
        raise InputError(f"{file}: cannot be read as a picture; remove it")
    short = min(image.shape[:2])
    if short < _SHORT_SIDE_PX:
        scale = _SHORT_SIDE_PX / short
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return image.astype("uint8", copy=False)
