"""A child process as camera: it writes raw yuv420 (I420) frames to standard output, like rpicam-vid and ffmpeg."""

import contextlib
import fcntl
import os
import select
import shlex
import signal
import subprocess
import time
from threading import Event
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.camera.opencv import Decode, SourceLostError
from edge.camera.source import Source, redacted, why_absent
from edge.config import CameraConfig
from edge.types import Image

_POLL_SECONDS = 0.1
_WAIT_STEP_SECONDS = 0.01
_TERM_SECONDS = 0.3
"""A child still there this long after SIGTERM is killed; stopping the camera must take less than a second."""
_PIPE_BYTES = 1 << 20
"""The most an ordinary user may request: a 640x480 frame then arrives in one or two reads instead of eight."""
_STDERR_BYTES = 2048
_LEVELS = np.arange(256)
_LUMA_TO_VIDEO = np.rint(16 + _LEVELS * 219 / 255).astype(np.uint8)
_CHROMA_TO_VIDEO = np.rint(128 + (_LEVELS - 128) * 224 / 255).astype(np.uint8)
"""From the full range of rpicam-apps to the narrower one that OpenCV expects of I420; otherwise shadows are crushed.
With these tables a 640x480 picture takes 0.19 instead of 0.08 ms; with planes made as large as luma 1.1 ms."""


class ExecStream:
    """Runs the command of an `exec:` source, without a shell, in its own process group."""

    def __init__(self, source: Source, config: CameraConfig, closing: Event) -> None:
        self._name = source.name
        self._closing = closing
        self._full_range = source.is_rpicam
        self._shape = (config.height_px * 3 // 2, config.width_px)
        self._stderr = b""
        if (problem := why_absent(source)) is not None:
            raise SourceLostError(problem)
        try:
            self._child = subprocess.Popen(
                shlex.split(source.target),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            raise SourceLostError(f"{self._name}: cannot be started ({error.strerror}); try it by hand") from error
        self._out, self._err = self._child.stdout.fileno(), self._child.stderr.fileno()  # type: ignore[union-attr]
        self._watched = [self._out, self._err]
        with contextlib.suppress(OSError):
            fcntl.fcntl(self._out, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

    def read(self) -> Decode | None:
        """The next frame; None once `closing` is set."""
        raw = np.empty(self._shape, np.uint8)
        view = raw.reshape(-1).data
        have = 0
        while have < len(view):
            if self._closing.is_set():
                return None
            ready, _, _ = select.select(self._watched, [], [], _POLL_SECONDS)
            if self._err in ready:
                self._keep_stderr()
            if self._out in ready:
                count = os.readv(self._out, [view[have:]])
                if count == 0:
                    raise self._ended()
                have += count
        return lambda: _to_bgr(_to_video_range(raw) if self._full_range else raw)

    def close(self) -> None:
        """End the child and all that it started."""
        self._signal_group(signal.SIGTERM)
        self._wait()
        self._signal_group(signal.SIGKILL)
        for pipe in (self._child.stdout, self._child.stderr):
            if pipe is not None:
                pipe.close()  # not read to its end: a process that left the group may hold it open for ever
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(_TERM_SECONDS)

    def _ended(self) -> SourceLostError:
        status = self._wait()
        while self._err in select.select(self._watched, [], [], 0)[0]:
            self._keep_stderr()
        lines = redacted(self._stderr.decode("utf-8", "replace")).split("\n")
        said = next((line.strip() for line in reversed(lines) if line.strip()), "it gave no reason")
        return SourceLostError(f"{self._name}: the command ended ({status}): {said}; try it by hand")

    def _keep_stderr(self) -> None:
        said = os.read(self._err, _STDERR_BYTES)
        self._stderr = (self._stderr + said)[-_STDERR_BYTES:]
        if not said:
            self._watched.remove(self._err)

    def _wait(self) -> str:
        """Wait briefly for the child to end, without reaping it: its number stays ours until the group is killed."""
        deadline = time.monotonic() + _TERM_SECONDS
        while time.monotonic() < deadline:
            ended = os.waitid(os.P_PID, self._child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is not None:
                return f"{'exit status' if ended.si_code == os.CLD_EXITED else 'signal'} {ended.si_status}"
            time.sleep(_WAIT_STEP_SECONDS)
        return "still running"

    def _signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, number)


def _to_video_range(raw: NDArray[np.uint8]) -> NDArray[np.uint8]:
    luma_rows = len(raw) * 2 // 3
    video = np.empty_like(raw)
    cv2.LUT(raw[:luma_rows], _LUMA_TO_VIDEO, dst=video[:luma_rows])
    cv2.LUT(raw[luma_rows:], _CHROMA_TO_VIDEO, dst=video[luma_rows:])
    return video


def _to_bgr(raw: NDArray[np.uint8]) -> Image:
    return cast("Image", cv2.cvtColor(raw, cv2.COLOR_YUV2BGR_I420))
