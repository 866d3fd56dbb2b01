"""Control signs: a gesture held still is a space, a delete or a clear, given once however long it is held.

Off unless the configuration names a gesture. Gestures are told by geometry (`edge.gestures`), and only where the letter
model sees no letter. Driven only by the landmarks' time stamps.
"""

import math
from typing import Literal

from edge.config import ControlsConfig
from edge.errors import InputError
from edge.features import canonical
from edge.gestures import gesture_of
from edge.labels import NOTHING
from edge.types import ROUNDING_SECONDS, SIDES, Landmarks, Scores

Control = Literal["space", "delete", "clear"]

_HOLD_SECONDS = 0.7
"""In 51 minutes of people who sign words 49 gestures last 0.5 s ("bye", "five", "help"), 18 last 0.7 s."""
_GAP_SECONDS = 0.25
"""A gesture not seen for longer was let go, and may be made again; landmarks waver for shorter times."""
_STILL_SPEED = 1.5
"""Speed of the palm, in palm widths a second: an open hand that moves faster is waving."""


class Controls:
    """Follows one signer's hand."""

    def __init__(self, config: ControlsConfig) -> None:
        """Take the gestures that the configuration names.

        Raises:
            InputError: one gesture is named for two controls.
        """
        self._named = _named(config)
        self._gesture: str | None = None
        self._since = self._seen_at = -math.inf
        self._said = False

    def step(self, landmarks: Landmarks, scores: Scores | None) -> Control | None:
        """The control given with this frame; `scores` are the letter model's, None without a hand."""
        ts, gesture = landmarks.ts, self._look(landmarks, scores)
        gone = self._gesture is None or ts - self._seen_at > _GAP_SECONDS
        if gesture is not None and gesture == self._gesture and not gone:
            self._seen_at = ts
        elif gone:
            self._gesture, self._since, self._seen_at, self._said = gesture, ts, ts, False
        if scores is not None and scores.motion.speed > _STILL_SPEED:
            self._since = ts
        if self._said or gesture is None or gesture != self._gesture:
            return None
        if ts - self._since < _HOLD_SECONDS - ROUNDING_SECONDS:
            return None
        self._said = True
        return self._named[gesture]

    def _look(self, landmarks: Landmarks, scores: Scores | None) -> str | None:
        """The named gesture of this frame."""
        if not self._named or scores is None or scores.labels[int(scores.probabilities.argmax())] != NOTHING:
            return None
        hand = landmarks.hands[SIDES.index(scores.hand)]
        gesture = gesture_of(canonical(hand, landmarks.width, landmarks.height, scores.hand))
        return gesture if gesture in self._named else None


def _named(config: ControlsConfig) -> dict[str, Control]:
    named: dict[str, Control] = {}
    controls: tuple[Control, ...] = ("space", "delete", "clear")
    for control in controls:
        gesture = getattr(config, control)
        if gesture in named:
            raise InputError(
                f"controls.{control}: '{gesture}' is controls.{named[gesture]} already; name another or leave it empty"
            )
        if gesture is not None:
            named[gesture] = control
    return named
