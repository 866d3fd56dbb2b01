"""OpenCV's VideoCapture, set up as the program needs it, and quiet: failures are reported once, by us."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import cv2

from edge.camera.pictures import read_jpeg
from edge.camera.source import Source, why_absent
from edge.config import CameraConfig
from edge.errors import AslEdgeError
from edge.types import Image, Packed

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET; read when FFmpeg is first used
cv2.setLogLevel(0)

_OPEN_MS = 5000
"""A network camera that has not answered by then is tried again later."""
_ONE_THREAD = [cv2.CAP_PROP_N_THREADS, 1]
"""Frame threads delay pictures (RTSP is 91 ms late with, 56 ms without) and cost more CPU than they are worth."""
_MJPG = int.from_bytes(b"MJPG", "little")
_PACKETS = -1
"""As picture format: what the container holds, undecoded."""

Decode = Callable[[], Image | Packed | None]
"""The grabbed picture, decoded only if wanted; None if it is damaged."""


class SourceLostError(AslEdgeError):
    """A live source cannot be opened, or is gone; it may come back."""


def open_video(address: str, options: Sequence[int] = ()) -> cv2.VideoCapture:
    """Open a file or address, turned upright by its rotation tag; check `isOpened()`."""
    return cv2.VideoCapture(address, cv2.CAP_FFMPEG, [*options, *_ONE_THREAD])


class Video:
    """The pictures of a file or address.

    JPEGs are passed on as they came, so that those nobody looks at are decoded only at an eighth.
    """

    def __init__(self, address: str, options: Sequence[int] = ()) -> None:
        """If it cannot be opened, `capture.isOpened()` is false."""
        self.capture = open_video(address, options)
        self._first: Image | None = None
        """A picture read to check that it is whole, and not yet delivered."""
        if _leaves_packed(self.capture):
            self._first = self._whole_jpeg()
            if self._first is None:
                self.capture.release()
                self.capture = open_video(address, options)
        self._packed = self._first is not None

    def read(self) -> Decode | None:
        """Wait for the next picture; None if there is none."""
        picture, self._first = self._first, None
        if picture is None:
            ok, read = self.capture.read()
            if not ok:
                return None
            picture = cast("Image", read)
        return _decoding(picture, packed=self._packed)

    def close(self) -> None:
        self.capture.release()

    def _whole_jpeg(self) -> Image | None:
        """The first picture; None if its end is missing or it is one of two fields: FFmpeg decodes those."""
        ok, read = self.capture.read()
        if not ok:
            return None
        picture = cast("Image", read)
        jpeg = read_jpeg(picture.ravel())
        sides = (self.capture.get(cv2.CAP_PROP_FRAME_HEIGHT), self.capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        return picture if jpeg is not None and jpeg.size == sides else None


class UrlStream:
    """An http or rtsp camera."""

    def __init__(self, source: Source, config: CameraConfig) -> None:
        options = {
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC: _OPEN_MS,
            cv2.CAP_PROP_READ_TIMEOUT_MSEC: int(config.stall_seconds * 1000),  # the default blocks for 30 s
        }
        self._name = source.name
        self._video = Video(source.target, [number for option in options.items() for number in option])
        if not self._video.capture.isOpened():
            raise SourceLostError(f"{self._name}: cannot be opened; is the camera on, and the address right?")

    def read(self) -> Decode:
        decode = self._video.read()
        if decode is None:
            raise SourceLostError(f"{self._name}: the stream broke off; is the camera still on?")
        return decode

    def close(self) -> None:
        self._video.close()


class DeviceStream:
    """A V4L2 camera. MJPG is requested, as raw 640x480 at 30 a second does not fit every USB port."""

    def __init__(self, source: Source, config: CameraConfig) -> None:
        self._name = source.name
        if (problem := why_absent(source)) is not None:
            raise SourceLostError(problem)
        device = str(Path(source.target).resolve())  # a by-id link may point elsewhere after replugging
        self._capture = cv2.VideoCapture(device, cv2.CAP_V4L2)
        if not self._capture.isOpened():
            raise SourceLostError(f"{self._name}: cannot be opened; is it a camera, and in use by nobody else?")
        self._capture.set(cv2.CAP_PROP_FOURCC, _MJPG)
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, config.width_px)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, config.height_px)
        self._capture.set(cv2.CAP_PROP_FPS, config.fps)
        self._packed = int(self._capture.get(cv2.CAP_PROP_FOURCC)) == _MJPG
        if self._packed:  # pass on the JPEG as it came: a dropped frame then costs no decoding
            self._capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)

    def read(self) -> Decode:
        ok, picture = self._capture.read()
        if not ok:
            raise SourceLostError(f"{self._name}: no more pictures; is the camera still plugged in?")
        return _decoding(cast("Image", picture), packed=self._packed)

    def close(self) -> None:
        self._capture.release()


def _leaves_packed(capture: cv2.VideoCapture) -> bool:
    """Make FFmpeg pass on JPEGs as they came, if the pictures are JPEGs, before the first is read."""
    is_jpeg = int(capture.get(cv2.CAP_PROP_FOURCC)) == _MJPG and not capture.get(cv2.CAP_PROP_ORIENTATION_META)
    return is_jpeg and bool(capture.set(cv2.CAP_PROP_FORMAT, _PACKETS))


def _decoding(picture: Image, *, packed: bool) -> Decode:
    return (lambda: read_jpeg(picture.ravel())) if packed else (lambda: picture)
