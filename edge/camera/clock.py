"""The one clock of live sources."""

from __future__ import annotations

import time


class EpochClock:
    """Epoch seconds that never run backwards: a Pi has no battery clock, and NTP may set it while we run.

    A step forward is followed at once (times then match the rest of the world); after a step back the old
    offset stays, and time goes on at its usual pace, since a decoder that sees time stand still goes deaf.
    """

    def __init__(self) -> None:
        self._offset = float("-inf")

    def now(self) -> float:
        monotonic = time.monotonic()
        self._offset = max(self._offset, time.time() - monotonic)
        return monotonic + self._offset
