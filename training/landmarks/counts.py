"""What a condition cost: hands found, how far off, named for the wrong side, or somebody else's."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from edge.types import SIDES, Floats, Landmarks

FPS = 30.0
"""Assumed of all clips, whatever their rate."""


@dataclass(slots=True)
class Figures:
    """One condition's."""

    wanted: int = 0
    """Hands to be found."""
    found: int = 0
    swapped: int = 0
    """Hands named for the wrong side."""
    strange: int = 0
    """Hands that are not the signer's."""
    errors: list[float] = field(default_factory=list)
    """Mean landmark distance of the hands found, in hand sizes."""
    longest_swap_seconds: float = 0.0

    def add(self, wanted: Landmarks, got: Landmarks, shift: float = 0.0) -> bool:
        """Whether a hand was named for the wrong side. `shift`: pixels by which `got` has the signer further right."""
        swapped_before = self.swapped
        pixels = np.array([got.width, got.height], np.float32)
        hands = [hand[:, :2] * pixels for hand in got.hands]
        scale = got.height / wanted.height
        for side in range(len(SIDES)):
            if not wanted.presence[side]:
                continue
            truth = wanted.hands[side, :, :2] * (wanted.width, wanted.height) * scale + (shift, 0)
            errors = [_error(hand, truth) for hand in hands]
            self.wanted += 1
            if min(errors) < 0.5:
                self.found += 1
                self.swapped += errors[side] >= 0.5
                self.errors.append(min(errors))
        self.strange += max(0, int((got.presence > 0).sum()) - int((wanted.presence > 0).sum()))
        return self.swapped > swapped_before

    def note_swaps(self, swaps: Iterable[bool]) -> None:
        """Note how long names stay swapped; `swaps` says so for each frame of a clip."""
        longest = max((len(list(run)) for swapped, run in itertools.groupby(swaps) if swapped), default=0)
        self.longest_swap_seconds = max(self.longest_swap_seconds, longest / FPS)

    def summary(self) -> dict[str, float | int]:
        values: dict[str, float | int] = {"hands": self.wanted, "found": round(self.found / max(self.wanted, 1), 4)}
        if self.errors:
            values["error_median"] = round(float(np.median(self.errors)), 4)
            values["error_p95"] = round(float(np.percentile(self.errors, 95)), 4)
        values |= {"swapped": self.swapped, "strange": self.strange}
        return values | {"longest_swap_seconds": round(self.longest_swap_seconds, 2)}


def _error(hand: Floats, truth: Floats) -> float:
    if not np.isfinite(hand).all():
        return float("inf")
    return float(np.linalg.norm(hand - truth, axis=1).mean() / np.ptp(truth, axis=0).max())


def most_near(some: list[Floats], others: list[Floats], way: float) -> int:
    """Most pairs of points nearer than `way`, with each point in one pair."""
    few, many = sorted((some, others), key=len)
    orders = itertools.permutations(many, len(few))
    return max(sum(bool(np.linalg.norm(a - b) < way) for a, b in zip(few, order, strict=True)) for order in orders)


def crossed(hands: dict[int, Floats], wrists: list[Floats]) -> bool:
    """Whether the hands, or the only one, are nearer the other side's wrists. False without hands."""
    own = sum(float(np.linalg.norm(hand[0] - wrists[side])) for side, hand in hands.items())
    other = sum(float(np.linalg.norm(hand[0] - wrists[1 - side])) for side, hand in hands.items())
    return other < 0.7 * own
