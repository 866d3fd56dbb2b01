"""One opening of a live source, in its own thread, since a read may block for ever in a driver."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable

import cv2

from edge.camera.opencv import Decode
from edge.camera.source import Source
from edge.camera.streams import Stream, open_stream
from edge.config import CameraConfig
from edge.errors import one_line

log = logging.getLogger(__name__)


class Session:
    """Opens, reads and closes a source once; it is never reused."""

    def __init__(self, number: int, source: Source, config: CameraConfig, deliver: Callable[[Decode], None]) -> None:
        self._source = source
        self._config = config
        self._deliver = deliver
        self._closing = threading.Event()
        self._opened_at = self._picture_at = time.monotonic()
        self.finished = threading.Event()
        self.delivered = False
        """At least one picture came."""
        self.reached_end = False
        """A file was read to its last picture."""
        self.reason = f"{source.name}: stopped unexpectedly"
        """Why the session finished."""
        self._thread = threading.Thread(target=self._run, name=f"asl-camera-{number}", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def silent_seconds(self) -> float:
        """Time since the last picture, or since the opening began."""
        return time.monotonic() - self._picture_at

    @property
    def steady_seconds(self) -> float:
        """For how long pictures came."""
        return self._picture_at - self._opened_at

    def close(self) -> None:
        """Ask the thread to end, which it does at once unless it hangs in a driver or in FFmpeg."""
        self._closing.set()

    def join(self, timeout: float) -> None:
        self._thread.join(max(0.0, timeout))

    def _run(self) -> None:
        try:
            with contextlib.closing(open_stream(self._source, self._config, self._closing)) as stream:
                self._read(stream)
        except Exception as error:  # whatever a driver or library throws, the camera is looked for again
            self.reason = str(error) if isinstance(error, cv2.error) else one_line(error)
            log.debug("camera %s", self._source.name, exc_info=True)
        finally:
            self.finished.set()

    def _read(self, stream: Stream) -> None:
        while not self._closing.is_set():
            decode = stream.read()
            if self._closing.is_set():
                return
            if decode is None:
                self.reached_end = True
                return
            self._picture_at = time.monotonic()
            self.delivered = True
            self._deliver(decode)
