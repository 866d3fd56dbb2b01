"""The running daemon's camera: always the newest picture; a lost source is opened again until it is back."""

import contextlib
import itertools
import logging
import math
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from edge.camera.clock import EpochClock
from edge.camera.files import raw_frames
from edge.camera.mailbox import Mailbox
from edge.camera.opencv import Decode
from edge.camera.pictures import mirrored
from edge.camera.session import Session
from edge.camera.source import LOCAL_KINDS, SourceKind, parse_source, why_absent
from edge.config import CameraConfig
from edge.errors import InputError
from edge.types import Frame

log = logging.getLogger(__name__)

CameraState = Literal["opening", "ok", "lost"]

_TICK_SECONDS = 0.25
_OPENING_SECONDS = 10.0
"""The first picture may take this long (rpicam-vid about 2 s, network cameras more), later ones `stall_seconds`."""
_FIRST_PAUSE_SECONDS = 0.5
_JITTER = 0.2
"""Pauses vary by this share, so that kiosks that lost the same server do not all come back at the same instant."""
_STEADY_SECONDS = 5.0
"""A source that ran this long was really back: after its next loss the pauses start short again."""
_MAX_HANGING = 4
"""Threads that may hang in blocked reads at the same time; with so many no source is opened."""
_STOP_SECONDS = 0.8
_RPICAM_ROW_PX = 64
"""rpicam-vid pads its rows to a multiple of this."""


@dataclass(frozen=True, slots=True)
class _Grab:
    decode: Decode
    ts: float
    at: float
    """The same moment by the monotonic clock."""
    index: int


class Camera:
    """A live source, read in its own threads.

    The thread `asl-camera` watches. Reads, which may block for ever, happen in a session's thread (`asl-camera-1`,
    `-2`, ...); a silent session is left to end by itself, and a new one is opened.
    """

    def __init__(self, config: CameraConfig, clock: EpochClock | None = None) -> None:
        """`clock` stamps the frames; by default the camera has its own.

        Raises:
            InputError: `config.source` cannot be a source.
        """
        self.clock = clock or EpochClock()
        self.problem = ""
        """Why the source was last lost, and how to mend it."""
        self._config = config
        self._source = parse_source(config.source)
        self._flip = config.mirrored and self._source.kind is not SourceKind.DEMO
        self._mailbox: Mailbox[_Grab] = Mailbox()
        self._whole_at = self._lost_at = -math.inf
        """Monotonic times when the newest decodable picture was grabbed and when the source was last lost."""
        self._damaged = 0
        self._damaged_since = math.inf
        """When the first undecodable picture was grabbed; reset by a decodable one."""
        self._reached_end = False
        self._frame_numbers = itertools.count()
        self._session_numbers = itertools.count(1)
        self._sessions: list[Session] = []
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="asl-camera", daemon=True)
        self._alive_at = time.monotonic()

    @property
    def state(self) -> CameraState:
        """Whether decodable pictures come; the first one ends a loss."""
        if self._whole_at > self._lost_at:
            return "ok"
        return "opening" if self._lost_at == -math.inf else "lost"

    @property
    def name(self) -> str:
        """The source, as it may be shown in logs and messages."""
        return self._source.name

    @property
    def kind(self) -> str:
        """The kind of source, which anybody may see."""
        return self._source.kind.value

    @property
    def digest(self) -> str:
        """sha256 of its name: tells others whether it is still the same source, but not which."""
        return self._source.digest

    @property
    def ended(self) -> bool:
        """A file reached its end, and its last frame was delivered."""
        return self._reached_end and self._mailbox.empty

    @property
    def dropped(self) -> int:
        """Frames nobody saw: replaced by a newer one, or damaged."""
        return self._mailbox.dropped + self._damaged

    @property
    def alive_at(self) -> float:
        """Monotonic time of the watching thread's last sign of life, whether or not pictures come.

        It stops when so many reads hang that no source can be opened: only a new process can mend that.
        """
        return time.monotonic() if self._reached_end else self._alive_at

    def start(self, *, required: bool = False) -> None:
        """Begin to read. A missing camera is looked for until it appears, unless it is `required` now.

        Raises:
            InputError: as `check`, or a required camera is missing.
        """
        if required and (problem := why_absent(self._source)) is not None:
            raise InputError(problem)
        self.check()
        self.begin()

    def begin(self) -> None:
        """Begin to read a source that `check` has passed."""
        self._watcher.start()

    def check(self) -> None:
        """Check that a source other than a camera can be read, and that a command's pictures can have this size.

        Raises:
            InputError: a file that cannot be read, a text that cannot be signed, a width or height that no frame has.
        """
        width, height = self._config.width_px, self._config.height_px
        if self._source.kind is SourceKind.EXEC and (width % 2 or height % 2):
            raise InputError(f"camera: {width}x{height}: yuv420 needs even width_px and height_px; change the odd one")
        if self._source.is_rpicam and width % _RPICAM_ROW_PX:
            mend = "choose 640, 704, 768 or another multiple as width_px, and in the command"
            raise InputError(f"camera: {width}x{height}: rpicam's rows are padded to {_RPICAM_ROW_PX} pixels; {mend}")
        if self._source.kind in LOCAL_KINDS:
            with contextlib.closing(raw_frames(self._source, self._config)) as frames:
                next(frames)

    def latest(self, timeout: float, wanted: Callable[[float], bool] | None = None) -> Frame | None:
        """The newest frame not yet delivered; None if none comes within `timeout` seconds.

        `wanted` is asked with a frame's time: unwanted frames are skipped, and not decoded.
        """
        deadline = time.monotonic() + timeout
        while (grab := self._mailbox.take(max(0.0, deadline - time.monotonic()))) is not None:
            if wanted is not None and not wanted(grab.ts):
                continue
            picture = grab.decode()
            if picture is not None:
                self._note_whole(grab.at)
                return Frame(mirrored(picture) if self._flip else picture, grab.ts, grab.index)
            self._note_damaged(grab.at)
        return None

    def stop(self) -> None:
        """Release the source: within a second, even while a read blocks."""
        deadline = time.monotonic() + _STOP_SECONDS
        self._stopping.set()
        self._mailbox.close()
        if self._watcher.is_alive():
            self._watcher.join(_STOP_SECONDS)
        for session in self._sessions:
            session.join(deadline - time.monotonic())

    def _note_whole(self, at: float) -> None:
        self._damaged_since = math.inf
        was_lost = self.state == "lost"
        self._whole_at = at
        if was_lost and self.state == "ok":
            log.info("camera %s: back", self.name)

    def _note_damaged(self, at: float) -> None:
        self._damaged += 1
        self._damaged_since = min(self._damaged_since, at)
        patience = self._config.stall_seconds
        if at - self._damaged_since > patience:
            self._damaged_since = at
            self._report_lost(f"{self.name}: only damaged pictures for {patience:g} s; try another cable or port")

    def _watch(self) -> None:
        pauses = _pauses(self._config.reopen_max_seconds)
        while self._may_open():
            session = Session(next(self._session_numbers), self._source, self._config, self._receive)
            self._sessions.append(session)
            reason = self._follow(session)
            session.close()
            if session.reached_end:
                self._reached_end = True
                self._mailbox.close()
                return
            if not self._stopping.is_set():
                self._report_lost(reason)
                if session.steady_seconds > _STEADY_SECONDS:
                    pauses = _pauses(self._config.reopen_max_seconds)
                self._pause(next(pauses))

    def _may_open(self) -> bool:
        """Wait while too many sessions hang; False when it is time to stop."""
        warned = False
        while not self._stopping.is_set():
            self._sessions = [session for session in self._sessions if session.alive]
            if len(self._sessions) < _MAX_HANGING:
                return True
            if not warned:
                log.warning("camera %s: %d reads hang; waiting for one to end", self.name, len(self._sessions))
                warned = True
            self._stopping.wait(_TICK_SECONDS)
        return False

    def _follow(self, session: Session) -> str:
        """Wait until the session finishes or falls silent, and say why."""
        local = self._source.kind in LOCAL_KINDS  # files may pause for as long as they like
        while not session.finished.wait(_TICK_SECONDS) and not self._stopping.is_set():
            self._alive_at = time.monotonic()
            patience = self._config.stall_seconds
            if not session.delivered:
                patience = max(patience, _OPENING_SECONDS)
            if not local and session.silent_seconds > patience:
                return f"{self.name}: no picture for {patience:g} s; is it switched on, and nothing else reading it?"
        return session.reason

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (rest := until - time.monotonic()) > 0 and not self._stopping.wait(min(rest, _TICK_SECONDS)):
            self._alive_at = time.monotonic()

    def _report_lost(self, reason: str) -> None:
        level = logging.DEBUG if self.state == "lost" else logging.WARNING
        log.log(level, "camera lost: %s; trying again until it is back", reason)
        self.problem = reason
        self._lost_at = time.monotonic()

    def _receive(self, decode: Decode) -> None:
        """Take a picture from a session's thread."""
        self._mailbox.put(_Grab(decode, self.clock.now(), time.monotonic(), next(self._frame_numbers)))


def _pauses(longest: float) -> Iterator[float]:
    """Seconds between attempts: doubling, bounded, a little random."""
    pause = _FIRST_PAUSE_SECONDS
    while True:
        yield min(pause, longest) * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - no secret depends on it
        pause = min(2 * pause, longest)
