"""The letter said last, and whether the hand has since left it, opened, or doubled it: what may follow it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from edge.doubling import Doubling
from edge.labels import MOTION_LETTERS
from edge.types import Floats, Motion

HELD_SHAPES = {"J": frozenset("IY"), "Z": frozenset("DGXL")}
"""Hand shapes in which a motion letter begins and ends: unless held, they are part of it, not letters."""

_MOVED_SPEED, _MOVED_SHAPE_SPEED = 3.0, 1.5
"""A faster hand has left the letter it held."""
_OTHER_PROBABILITY = 0.15
"""The hand shows another letter only if the last one is less probable than this."""
_LEFT_PROBABILITY = 0.03
"""A letter may follow at once if the last one is now less probable than this: in one in twenty of 4,700 that did follow
it was above 0.015, in half of 380 readings of a letter still held above 0.1."""
WAVERING_PROBABILITY = 0.05
"""And if the new letter was less probable than this then: in the same readings above 0.001 and above 0.15."""
_REARM_PROBABILITY = 0.05
"""A letter is over once its probability falls below this; then it may be made again."""
_STAYED_PALM_WIDTHS = 0.5
"""A hand that was missed and comes back this near still holds its letter; a slide that doubles it goes further."""
_RELEASE_SECONDS = 0.3
"""An open or changed hand this long between two equal letters makes them two."""


@dataclass(slots=True)
class LastLetter:
    """Its times are seconds on the source's clock."""

    label: str
    at: float
    nearly: Mapping[str, float]
    """What else it might have been, with probabilities."""
    doubling: Doubling = field(default_factory=Doubling)
    moved: bool = False
    """The hand has left it."""
    rested: bool = False
    """The hand came to rest with it; movement before that is the drawing of a J or Z."""
    doubled: bool = False
    place: Floats | None = None
    """(2,): where the hand was last seen, pixels."""
    ended: bool = False
    """A motion letter's drawing is over, or a static one's hand opened or changed: it may be said again."""

    def __post_init__(self) -> None:
        self.rested = self.label not in MOTION_LETTERS
        self.doubling.restart()

    def follow(self, ts: float, motion: Motion, elapsed: float, *, still: bool, missed: bool) -> None:
        """Note whether the hand leaves or doubles the letter; a brief loss alone (`missed`) is neither."""
        cut = motion.seconds == 0
        stayed = missed and (
            self.place is None or math.dist(self.place, motion.position) < _STAYED_PALM_WIDTHS * motion.palm_width
        )
        self.place = motion.position
        self.rested |= still or cut
        if not self.rested:
            return
        self.moved |= cut or motion.quick_shape_speed >= _MOVED_SHAPE_SPEED or motion.quick_speed >= _MOVED_SPEED
        if cut:
            self.doubling.restart()
        self.doubled |= self.doubling.step(ts, motion, elapsed, still=still) or (cut and not stayed)

    def release(self, probability: float, other_seconds: float) -> None:
        """Note whether it is over: the hand moved away and its probability dropped.

        Args:
            probability: the letter's own, now.
            other_seconds: how long another label has been the best.
        """
        if probability >= _REARM_PROBABILITY:
            return
        if self.label in MOTION_LETTERS:
            self.ended = True
        else:
            self.ended |= self.moved and other_seconds >= _RELEASE_SECONDS

    def left(self, label: str, probability: float) -> bool:
        """Whether the hand clearly went on to `label`; `probability` is the last letter's now."""
        return self.moved and self._differs(label, probability)

    def may_be_over(self, label: str, probability: float) -> bool:
        """Whether `label` may follow if held for long: the hand moved, or changed too gently to be noticed."""
        return self._differs(label, probability) or (self.moved and probability < _OTHER_PROBABILITY)

    def _differs(self, label: str, probability: float) -> bool:
        """Whether neither letter looks like the other."""
        return probability < _LEFT_PROBABILITY and self.nearly.get(label, 0.0) < WAVERING_PROBABILITY

    def again(self) -> bool:
        """Whether it may be said once more."""
        return self.ended or (self.label not in MOTION_LETTERS and self.doubled)

    def holds(self, label: str) -> bool:
        """Whether a hand that shows `label` is still ending this motion letter."""
        return not self.moved and label in HELD_SHAPES.get(self.label, ())

    def allows_hold(self, label: str, mean: Floats, labels: tuple[str, ...]) -> bool:
        """Whether a hold is another letter, not this one or part of it."""
        if not self.moved or label in HELD_SHAPES.get(self.label, ()):
            return False
        if label == self.label:
            return self.ended or self.doubled
        return self.ended or self.left(label, float(mean[labels.index(self.label)]))
