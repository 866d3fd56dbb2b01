"""One hand from picture to picture: where it is, whose side it is on, and whether it rests."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edge.landmarks.crop import Region
from edge.landmarks.hands import Hand, Palms
from edge.landmarks.motion import Motion
from edge.landmarks.stillness import Stillness
from edge.signer import on_wrist, within_reach
from edge.types import Floats, Image

_MEMORY_SECONDS = 0.3
"""Over how long a hand's side is averaged: a wrong start is put right within it."""
_REST_SECONDS = 0.5
"""A hand at rest is looked at this often all the same."""
_SURE, _SETTLED_DISTANCE = 0.9, 0.02
"""Only a hand that is surely seen, and was there in the last look too, may rest: doubtful landmarks get better with
each look, and for a moving hand the comparison would be in vain."""
_LOOK_SURE = 2.5
"""Bound on the log odds of one look: the network is as sure of its mistakes as of the rest."""
_WRIST_SURE = 3.0
"""Weight of the body's wrists against one look at the hand."""
_WRIST_REACH = 0.5
"""A hand further from both wrists, in sides of its region, is not this body's, or the pose is late."""
_LEFT_WRIST, _RIGHT_WRIST = 15, 16


@dataclass(frozen=True, slots=True)
class View:
    """One frame and what is already known of it."""

    image: Image
    ts: float
    motion: Motion
    palms: Palms
    body: Floats | None = None
    """(33, 4) in pixels: the signer's pose as last read."""
    body_is_new: bool = False
    """It was read in this very frame."""
    crowded: bool = False
    """Others stand near: not every hand is the signer's."""
    taken: tuple[Hand, ...] = ()
    """Hands of other signers."""

    def is_mine(self, hand: Hand) -> bool:
        """Not a bystander's hand. While no body is seen, as when a hand fills the picture, any is the signer's."""
        if self.body is None:
            return True
        if not self.in_reach(hand.region):
            return False
        late = not self.body_is_new
        return not self.crowded or on_wrist(self.body, hand.wrist, hand.region.size, late=late)

    def in_reach(self, region: Region) -> bool:
        return self.body is None or within_reach(self.body, region.x, region.y)


class Track:
    """A hand that is being followed, or was until a moment ago."""

    def __init__(self, view: View, hand: Hand, before: Track | None = None) -> None:
        """`before` is the track of the same hand that was lost."""
        self.leftness = 0.0
        """Running mean of the evidence, in log odds, that this is the left hand."""
        self.weight = 0.0
        """Looks behind it, the older ones counting less."""
        self.seen_at = view.ts
        self.hand, self.region = hand, hand.region
        self._stillness: Stillness | None = None
        if before is not None:
            self.leftness, self.weight, self.seen_at = before.leftness, before.weight, before.seen_at
            self.hand = before.hand
        self.update(view, hand)

    def update(self, view: View, hand: Hand) -> None:
        """Take in a new look at the hand."""
        keep = self.weight * math.exp(-max(0.0, view.ts - self.seen_at) / _MEMORY_SECONDS)
        self.leftness = (keep * self.leftness + _evidence(hand, view.body if view.body_is_new else None)) / (keep + 1)
        self.weight = keep + 1
        settled = self.weight > 1 and hand.presence > _SURE and hand.distance(self.hand) < _SETTLED_DISTANCE
        self.hand, self.region, self.seen_at = hand, hand.region, view.ts
        self._stillness = Stillness(view.image, hand.region, view.ts) if settled else None

    def rests(self, view: View) -> bool:
        """Nothing has changed where the hand is since it was looked at, and that was not long ago."""
        still = self._stillness
        if still is None or not 0 <= view.ts - still.ts < _REST_SECONDS or not still.lasts(view.image):
            return False
        self.seen_at = view.ts
        return True


def _evidence(hand: Hand, pose: Floats | None) -> float:
    """Log odds that this is the left hand: what it looks like, and which of the body's wrists it hangs on."""
    evidence = min(max(hand.leftness, -_LOOK_SURE), _LOOK_SURE)
    if pose is None or min(pose[_LEFT_WRIST, 3], pose[_RIGHT_WRIST, 3]) < 0.5:
        return evidence
    to_left, to_right = (float(np.hypot(*(pose[wrist, :2] - hand.wrist))) for wrist in (_LEFT_WRIST, _RIGHT_WRIST))
    size = hand.region.size
    if min(to_left, to_right) > _WRIST_REACH * size:
        return evidence
    return evidence + _WRIST_SURE * min(max((to_right - to_left) / size, -1.0), 1.0)
