"""Videos and pictures to clips, through the daemon's own landmark networks."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from edge.bundle import MANIFEST
from edge.camera import open_video, read_frames
from edge.config import CameraConfig, Config, LandmarksConfig, SignerConfig
from edge.errors import InputError
from edge.landmarks import Landmarker
from edge.paths import models_dir
from edge.types import Floats, Frame, Image, Landmarks
from training.caching import Fingerprints, code_fingerprints, code_hash, content_hash
from training.extraction import timing
from training.extraction.item import BadRecordingError, Item
from training.extraction.timing import even_grid, on_grid
from training.store import Clip

_BORDER = 0.25
"""Of the longer side. The palm detector misses hands that fill the picture; MediaPipe's own does too."""
_MAX_FPS = 1000.0
_UNREAD = ("code edge/config/", "code edge/bundle.py", "code edge/errors.py")
"""The landmark code imports these, but no landmark depends on them; the mark has the settings themselves."""
_TRIMMED_SLACK = 2
"""A video with at most this many frames more than its span was cut to that span already."""


def open_landmarker() -> Landmarker:
    """The networks as shipped, but the body is read in every frame, not every tenth of a second."""
    return Landmarker(_config(), models_dir(Config()))


def reader_mark() -> str:
    """Identifies what reads pictures: networks, code and settings. Clips read by anything else are read again."""
    config = _config()
    models = models_dir(Config())
    manifests = [content_hash(models / name / MANIFEST) for name in (config.hands, config.pose)]
    return hashlib.sha256(repr([manifests, reader_code(), config, SignerConfig()]).encode()).hexdigest()


def reader_code() -> Fingerprints:
    """Hashes of the code between a picture and its landmarks."""
    prints = code_fingerprints("edge.landmarks")
    used = {name: print_ for name, print_ in prints.items() if not name.startswith(_UNREAD)}
    return used | {Path(file).name: code_hash(Path(file)) for file in (__file__, timing.__file__)}


def read_picture(item: Item, landmarker: Landmarker) -> Clip:
    """One picture; if no hand is found, it is searched again with a border around it.

    Raises:
        BadRecordingError: it is damaged, or shows no hand.
    """
    (frame,) = _frames(item)
    height, width = frame.image.shape[:2]
    hands, pose = _look(frame.image, landmarker)
    if np.isnan(hands).all():
        hands, _ = _look_inside_border(frame.image, landmarker)
    return item.clip_of(hands[None], pose[None], 0.0, (width, height))


def read_video(item: Item, landmarker: Landmarker) -> Clip:
    """Every frame of a video, or of the part that holds the sign.

    Raises:
        BadRecordingError: it is damaged, or shows no hand.
    """
    landmarker.reset()
    container: _Container | None = None
    seen: list[Landmarks] = []
    for frame in _frames(item):
        container = container or _Container(item.path)
        if frame.index in container.part(item):
            seen.append(landmarker.step(Frame(container.squared(frame.image), frame.ts, frame.index)))
    if container is None or not seen:
        raise BadRecordingError(f"{item.path}: ends before its sign begins; is it of another version of the data set?")
    grid = even_grid([landmarks.ts for landmarks in seen])
    hands = on_grid(np.stack([landmarks.hands for landmarks in seen]), grid)
    pose = on_grid(np.stack([landmarks.pose for landmarks in seen]), grid)
    fps = item.fps or (grid.fps if container.fps_known else 0.0)
    return item.clip_of(hands, pose, fps, (seen[0].width, seen[0].height))


class _Container:
    """What a video's container says about its pictures."""

    def __init__(self, path: Path) -> None:
        capture = open_video(str(path))
        across, down = capture.get(cv2.CAP_PROP_SAR_NUM), capture.get(cv2.CAP_PROP_SAR_DEN)
        self._pixel_aspect = across / down if across > 0 and down > 0 else 1.0
        self.fps_known = 0 < capture.get(cv2.CAP_PROP_FPS) <= _MAX_FPS
        self._frames = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        capture.release()

    def squared(self, image: Image) -> Image:
        """The picture with square pixels."""
        if abs(self._pixel_aspect - 1) < 0.01:
            return image
        height, width = image.shape[:2]
        return cv2.resize(image, (round(width * self._pixel_aspect), height)).astype(np.uint8, copy=False)

    def part(self, item: Item) -> range:
        """Numbers of the frames that show the sign; all, where the video was already cut to its span."""
        whole = range(2**31)
        if item.span is None:
            return whole
        first, last = item.span
        is_cut = 0 < self._frames <= last - first + 1 + _TRIMMED_SLACK
        return whole if is_cut else range(first, last + 1)


def _config() -> LandmarksConfig:
    return LandmarksConfig(pose_interval_seconds=0.0)


def _frames(item: Item) -> Iterator[Frame]:
    try:
        yield from read_frames(str(item.path), CameraConfig())
    except InputError as error:
        raise BadRecordingError(str(error)) from error


def _look(image: Image, landmarker: Landmarker) -> tuple[Floats, Floats]:
    """(2, 21, 3) hands and (33, 4) pose of a picture unrelated to the last."""
    landmarker.reset()
    seen = landmarker.step(Frame(image, 0.0, 0))
    return seen.hands, seen.pose


def _look_inside_border(image: Image, landmarker: Landmarker) -> tuple[Floats, Floats]:
    """The same with the picture's edge extended outwards."""
    height, width = image.shape[:2]
    border = round(_BORDER * max(height, width))
    wide = np.pad(image, ((border, border), (border, border), (0, 0)), mode="edge")
    found = _look(wide, landmarker)
    for points in found:
        points[..., 0] = (points[..., 0] * (width + 2 * border) - border) / width
        points[..., 1] = (points[..., 1] * (height + 2 * border) - border) / height
        points[..., 2] *= (width + 2 * border) / width
    return found
