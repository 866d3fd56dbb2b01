"""When to run a detector: at once after a loss, soon when something moves, rarely in a still room."""

MOVING_SECONDS = 0.1
"""Time between two looks while something moves: anyone who walks in is seen within 0.15 s. Waiting up to 0.4 s after
looks in vain finds a hand in 1657 frames of clips in which MediaPipe Holistic does in 1734, this does in 1739."""
_HURRY_SECONDS = 0.1
"""For this long after a loss, or until found, every picture is searched: a hand that crossed another or blurred is back
at once."""
_STILL_SECONDS = 2.0
"""Time between two looks at a still picture, doubled by each look in vain: nothing comes without moving."""
_LONGEST_SECONDS = 8.0
"""The most to which it is doubled."""
_HIDDEN_SECONDS = 1.0
"""Longest time between two looks with a screen in the picture: whoever stands wholly before it cannot be told from it.
A drawn signer of half the picture's height was seen after 2.9 to 5.3 s, in 8 runs, with this after 0.3 to 0.9 s."""
MOVED_SHARE = 0.004
"""Share of the picture that counts as motion: a hand at three metres is about 0.01."""


class DetectorSchedule:
    """Says when to look."""

    def __init__(self) -> None:
        self._looked_at = float("-inf")
        self._lost_at = float("-inf")
        self._missing = 0
        self._moved = False
        self._still_pause = _STILL_SECONDS

    def lost(self, ts: float) -> None:
        """Something followed is gone: look in this very frame and the next ones."""
        self._lost_at = ts
        self._missing += 1

    def due(self, ts: float, moved: float, pause: float = MOVING_SECONDS, *, hidden: bool = False) -> bool:
        """Whether to look now. `moved`: share of the picture that changed, remembered until the next look.

        `pause`: seconds between two looks while something moves. `hidden`: whoever came may have gone unnoticed.
        """
        self._moved = self._moved or moved > MOVED_SHARE
        if not 0 <= ts - self._lost_at <= _HURRY_SECONDS:
            self._missing = 0
        if self._missing:
            return True
        since = ts - self._looked_at
        still_pause = min(self._still_pause, _HIDDEN_SECONDS) if hidden else self._still_pause
        return since >= (pause if self._moved else still_pause) or since < 0

    def looked(self, ts: float, found: int = 0) -> None:
        """Note a look; `found`: how many were found."""
        in_vain = not found and not self._moved
        self._still_pause = min(2 * self._still_pause, _LONGEST_SECONDS) if in_vain else _STILL_SECONDS
        self._looked_at = ts
        self._missing = max(0, self._missing - found)
        self._moved = False
