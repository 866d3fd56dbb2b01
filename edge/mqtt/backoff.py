"""How long to wait before the next attempt to connect."""

import random

_FIRST_SECONDS = 0.5
_LONGEST_SECONDS = 30.0
_STABLE_SECONDS = 10.0
"""A connection that lasted this long was good; a shorter one may be to a broker that accepts and then drops us."""


class Backoff:
    """Doubles with each failure, with jitter, so that a fleet does not return all at once."""

    def __init__(self) -> None:
        self._pause = _FIRST_SECONDS

    def next_pause(self, lasted: float) -> float:
        """Seconds to wait after a connection or an attempt that lasted `lasted` seconds."""
        if lasted >= _STABLE_SECONDS:
            self._pause = _FIRST_SECONDS
        pause = self._pause * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        self._pause = min(2 * self._pause, _LONGEST_SECONDS)
        return pause
