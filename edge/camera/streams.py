"""Live sources behind one interface: `read()` waits for the next picture, `close()` releases the source."""

import time
from collections.abc import Iterator
from threading import Event
from typing import Protocol

from edge.camera.exec_stream import ExecStream
from edge.camera.files import raw_frames
from edge.camera.opencv import Decode, DeviceStream, UrlStream
from edge.camera.source import Source, SourceKind
from edge.config import CameraConfig
from edge.types import Frame


class Stream(Protocol):
    """An open source. Belongs to one thread."""

    def read(self) -> Decode | None:
        """Wait for the next picture; None at the end of a file. Raises SourceLostError."""

    def close(self) -> None: ...


def open_stream(source: Source, config: CameraConfig, closing: Event) -> Stream:
    """Open a source for live reading; `closing` ends waits that can be interrupted.

    Raises:
        SourceLostError: it cannot be opened now.
        InputError: a file that cannot be read.
    """
    if source.kind is SourceKind.DEVICE:
        return DeviceStream(source, config)
    if source.kind is SourceKind.URL:
        return UrlStream(source, config)
    if source.kind is SourceKind.EXEC:
        return ExecStream(source, config, closing)
    return PacedStream(raw_frames(source, config, endless=True), closing)


class PacedStream:
    """Files and the drawn signer at their own pace."""

    def __init__(self, frames: Iterator[Frame], closing: Event) -> None:
        self._frames = frames
        self._closing = closing
        self._started: float | None = None

    def read(self) -> Decode | None:
        frame = next(self._frames, None)
        if frame is None:
            return None
        now = time.monotonic()
        if self._started is None:
            self._started = now - frame.ts
        if self._closing.wait(max(0.0, self._started + frame.ts - now)):
            return None
        picture = frame.picture
        return lambda: picture

    def close(self) -> None:
        self._frames = iter(())
