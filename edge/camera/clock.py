"""The one clock of live sources."""

import threading
import time


class EpochClock:
    """Epoch seconds that do not run backwards: a Pi has no battery clock, and NTP may set the time while we run.

    A step forward is followed at once (times then match the rest of the world); after a step back the old offset stays
    and time goes on at its usual pace, since a decoder for which time stands still reads nothing. `follow` takes the
    step back over, at a moment when nobody remembers a time.
    """

    def __init__(self) -> None:
        self._offset = float("-inf")
        self._lock = threading.Lock()

    def now(self) -> float:
        with self._lock:
            wall, monotonic = time.time(), time.monotonic()  # in this order a pause between them adds nothing
            self._offset = max(self._offset, wall - monotonic)
            return monotonic + self._offset

    @property
    def ahead_seconds(self) -> float:
        """How far the system clock was set back."""
        return self._offset - (time.time() - time.monotonic())

    def follow(self) -> None:
        """Continue from the system clock."""
        with self._lock:
            self._offset = time.time() - time.monotonic()
