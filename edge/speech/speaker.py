"""The speaking thread: captions wait in a bounded queue and are read aloud one by one."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from edge.config import SpeechConfig
from edge.speech.playback import Outcome, Playback, missing_program, speakable, synthesiser_command

log = logging.getLogger(__name__)

_IDLE_SECONDS = 60.0
"""Longest sleep of the idle thread; a caption wakes it at once."""

_STOP_SECONDS = 1.0
"""The daemon must be gone 2 s after SIGTERM; cutting off a sound and reaping its children takes 10 ms."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What became of one caption."""

    id: str
    text: str
    outcome: Outcome
    seconds: float
    """From the synthesiser's start to the end of the sound; 0 if it was never started."""
    detail: str
    """Empty, or one line: what went wrong and how to mend it."""


@dataclass(frozen=True, slots=True)
class _Caption:
    id: str
    text: str


class Speaker:
    """Reads captions aloud. No call blocks, except `stop` (1 s at most); all may come from any thread.

    `on_spoken` is called once for every caption, never with a lock held: from the speaking thread if it was started,
    else from the thread that refused or removed it. With speech disabled nothing happens.
    """

    def __init__(self, config: SpeechConfig, on_spoken: Callable[[Spoken], None]) -> None:
        self._config = config
        self._on_spoken = on_spoken
        self._synthesiser = synthesiser_command(config)
        self._changed = threading.Condition()
        self._waiting: deque[_Caption] = deque()
        self._playback: Playback | None = None
        self._busy = False
        self._cut: Outcome | None = None  # why the caption being spoken is cut off
        self._muted = False
        self._stopping = False
        self._complained = False
        self._thread = threading.Thread(name="asl-speech", target=self._run, daemon=True)

    def start(self) -> None:
        if self._config.enabled:
            self._thread.start()

    def say(self, text: str, id: str) -> None:  # noqa: A002 - the caption's own word for it
        """Queue a caption; the oldest waiting one is dropped when the queue is full."""
        if not self._config.enabled:
            return
        caption = _Caption(id, text)
        dropped: list[_Caption] = []
        with self._changed:
            refusal: Outcome | None = "cancelled" if self._stopping else "muted" if self._muted else None
            if refusal is None:
                while len(self._waiting) >= self._config.queue:
                    dropped.append(self._waiting.popleft())
                self._waiting.append(caption)
                self._changed.notify()
        if refusal is not None:
            self._report_unsaid([caption], refusal)
        self._report_unsaid(dropped, "dropped", f"{self._config.queue} newer captions were waiting; see speech.queue")

    @property
    def speaks(self) -> bool:
        """Whether a caption is being spoken or waiting."""
        with self._changed:
            return self._busy or bool(self._waiting)

    def cancel(self) -> None:
        """Silence now: the caption being spoken is cut off, those waiting are forgotten."""
        self._silence("cancelled")

    def mute(self, muted: bool) -> None:
        """While muted nothing is spoken; muting cuts off what is being spoken."""
        with self._changed:
            self._muted = muted
        if muted:
            self._silence("muted")

    def stop(self) -> None:
        """Silence, and end the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._silence("cancelled")
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS)

    def _silence(self, outcome: Outcome) -> None:
        with self._changed:
            unsaid = list(self._waiting)
            self._waiting.clear()
            self._cut = outcome
            if self._playback is not None:
                self._playback.kill()
        self._report_unsaid(unsaid, outcome)

    def _report_unsaid(self, captions: list[_Caption], outcome: Outcome, detail: str = "") -> None:
        for caption in captions:
            self._on_spoken(Spoken(caption.id, caption.text, outcome, 0.0, detail))

    def _run(self) -> None:
        while (caption := self._next()) is not None:
            started = time.monotonic()
            try:
                outcome, detail = self._speak(caption)
            except Exception as error:  # one caption must not silence all later ones
                outcome, detail = "failed", f"speech stumbled over a caption ({error!r}); please report it"
                log.debug("speech stumbled", exc_info=True)
            try:
                self._log(outcome, detail)
                self._on_spoken(Spoken(caption.id, caption.text, outcome, time.monotonic() - started, detail))
            except Exception as error:
                log.error("nobody was told that a caption was %s (%r); please report it", outcome, error)
                log.debug("telling stumbled", exc_info=True)
            finally:
                with self._changed:
                    self._busy = False

    def _next(self) -> _Caption | None:
        with self._changed:
            while not self._waiting and not self._stopping:
                self._changed.wait(_IDLE_SECONDS)
            if self._stopping:
                return None
            self._cut = None
            self._busy = True
            return self._waiting.popleft()

    def _speak(self, caption: _Caption) -> tuple[Outcome, str]:
        if not speakable(caption.text):
            return "failed", "there is nothing in it to say"
        try:
            playback = Playback(self._synthesiser, caption.text)
        except FileNotFoundError as error:
            return "failed", missing_program(str(error.filename))
        except OSError as error:
            return "failed", f"{error.filename}: {error.strerror}; mend the installation of {error.filename}"
        with self._changed:
            self._playback = playback
            if self._cut is not None:  # cut off while the children were being started
                playback.kill()
        try:
            outcome, detail = playback.finish(self._config.timeout_seconds)
        finally:
            with self._changed:
                self._playback = None
        with self._changed:
            return (self._cut, "") if self._cut is not None else (outcome, detail)

    def _log(self, outcome: Outcome, detail: str) -> None:
        """WARNING for the first failure, DEBUG for its repeats, INFO when sound is back."""
        if outcome in ("no_audio", "timed_out", "failed"):
            log.log(logging.DEBUG if self._complained else logging.WARNING, "%s", detail)
            self._complained = True
        elif outcome == "played" and self._complained:
            log.info("sound is back")
            self._complained = False
