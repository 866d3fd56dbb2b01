"""Files and the drawn signer, frame by frame: drops nothing, reads no clock."""

import logging
from collections.abc import Generator, Iterator
from pathlib import Path

import cv2

from edge.camera.opencv import Video
from edge.camera.pictures import mirrored, picture_files, read_picture
from edge.camera.source import Source, SourceKind, parse_source
from edge.config import CameraConfig
from edge.errors import InputError
from edge.types import Frame

log = logging.getLogger(__name__)

_MAX_FPS = 1000.0
"""Raw streams have no rate, and FFmpeg then reports its time base (90000, 1200000)."""
_BAD_READS = 250
"""Consecutive failed reads after which a video counts as over; past its true end each costs microseconds."""
_MISSING_SECONDS = 0.5
"""A video that ends this long before its container says is cut short, or has longer sound: Matroska gives one length
for both. Containers round by a frame or two."""
_DEMO_TEXT = "HELLO"


def read_frames(text: str, config: CameraConfig) -> Iterator[Frame]:
    """Every frame of a video, a picture, a folder of pictures or `demo[:TEXT]`; times are seconds from the first.

    Raises:
        InputError: no such file, not a video or picture, or nothing in it can be decoded.
    """
    source = parse_source(text)
    frames = raw_frames(source, config)
    return map(_flipped, frames) if config.mirrored and source.kind is not SourceKind.DEMO else frames


def raw_frames(source: Source, config: CameraConfig, *, endless: bool = False) -> Generator[Frame]:
    """The frames as the file has them, mirrored or not; `endless` makes the drawn signer repeat for ever."""
    if source.kind is SourceKind.VIDEO:
        return _video(source, config)
    if source.kind is SourceKind.PICTURES:
        return _pictures(source, config)
    if source.kind is SourceKind.DEMO:
        return _demo(source, config, endless=endless)
    raise InputError(f"{source.name}: only files and `demo` can be replayed; use `asl-edge run --source` for a camera")


def _flipped(frame: Frame) -> Frame:
    return Frame(mirrored(frame.picture), frame.ts, frame.index)


def _demo(source: Source, config: CameraConfig, *, endless: bool) -> Generator[Frame]:
    from edge.demo import DemoSigner  # noqa: PLC0415 - the drawing code is loaded only where it is wanted

    size = (config.width_px, config.height_px)
    for frame, _truth in DemoSigner(source.target or _DEMO_TEXT, size=size, fps=config.fps, loop=endless):
        yield frame


def _pictures(source: Source, config: CameraConfig) -> Generator[Frame]:
    path = Path(source.target)
    files = picture_files(path) if path.is_dir() else [path]
    readable = False
    for index, file in enumerate(files):
        image = read_picture(file)
        if image is not None:
            readable = True
            yield Frame(image, index / config.fps, index)
        elif path.is_dir():
            log.warning("%s: not a readable picture, left out", file)
    if not readable:
        what = f"none of its {len(files)} pictures can be read" if path.is_dir() else "not a readable picture"
        raise InputError(f"{source.name}: {what}; copy or convert again")


def _video(source: Source, config: CameraConfig) -> Generator[Frame]:
    video = Video(source.target)
    try:
        if not video.capture.isOpened():
            raise InputError(
                f"{source.name}: not a video that can be read (cut short, or another format); record it again"
            )
        clock = _VideoClock(video.capture, config.fps)
        index, bad_reads, holes = 0, 0, 0
        while bad_reads <= _BAD_READS:
            decode = video.read()
            if decode is None:
                bad_reads += 1
            elif (picture := decode()) is None:
                holes += 1
            else:
                holes += bad_reads > 0
                yield Frame(picture, clock.stamp(), index)
                index, bad_reads = index + 1, 0
        if index == 0:
            raise InputError(f"{source.name}: no picture in it can be decoded; record or convert it again")
        if holes:
            log.warning("%s: damaged; only %d pictures, up to %.1f s, could be read", source.name, index, clock.last)
        elif clock.duration - clock.last > _MISSING_SECONDS:
            log.warning(
                "%s: only %d pictures, up to %.1f of %.1f s, could be read; cut short, unless its sound is longer",
                *(source.name, index, clock.last, clock.duration),
            )
    finally:
        video.close()


class _VideoClock:
    """Times of a video's frames: the container's own while they increase, else one frame period after the last."""

    def __init__(self, capture: cv2.VideoCapture, fallback_fps: float) -> None:
        fps = capture.get(cv2.CAP_PROP_FPS)
        self._capture = capture
        self._period = 1.0 / (fps if 0.0 < fps <= _MAX_FPS else fallback_fps)
        self.duration = (capture.get(cv2.CAP_PROP_FRAME_COUNT) - 1) * self._period
        """Time of the last frame according to the container; nonsense (negative) for raw streams."""
        self._first: float | None = None
        self.last = 0.0

    def stamp(self) -> float:
        """Seconds from the first frame to the one just read; always increasing."""
        position = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
        if self._first is None:
            self._first = position
            return 0.0
        ts = position - self._first
        self.last = ts if ts > self.last else self.last + self._period
        return self.last
