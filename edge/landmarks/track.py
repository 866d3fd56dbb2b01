"""One hand from picture to picture: where it is, whose side it is on, and whether it rests."""

import math

from edge.landmarks.crop import Region
from edge.landmarks.hands import Hand
from edge.landmarks.stillness import Stillness
from edge.landmarks.view import View
from edge.signer import Body
from edge.types import Point

_MEMORY_SECONDS = 0.2
"""Time over which a hand's side is averaged: a wrong start is corrected within it."""
_REST_SECONDS = 0.5
"""Even a hand at rest is looked at this often."""
_SURE = 0.9
"""Only a hand surely seen may rest: doubtful landmarks improve with each look."""
_SETTLED_DISTANCE = 0.02
"""Nor may one that moved more since the last look, in sides of its region: comparing it would be in vain."""
_STEADY_SECONDS = 0.1
"""A hand keeps its speed for no longer."""
_SLOW_SPEED = 0.3
"""A hand slower than this, in sides of its region a second, is looked at 20 times a second: at 30 frames every other
time. On 18 calibration clips that saves 0.17 of the looks and the median error against MediaPipe goes from 0.0145 to
0.016 hand sizes. Twice the speed saves 0.23, and costs the D of WORLD."""
_SLOW_SECONDS = 0.05
"""Time between two looks at it."""
_SLOW_CHANGE = 0.1
"""It is looked at in any case if this share of its region changed."""
_TRUST = 0.5
"""A hand is expected this share of its last movement further on: chosen on 18 calibration clips (1,060 hands matched
with MediaPipe's become 1,094); on held-out signs the 95th percentile of the error goes from 0.151 to 0.132 hand sizes.
With 0.7, or for every hand, it grows."""
_FAST = 0.05
"""Only if that is more than this share of its region."""
_CUT = 0.5
"""A movement by this share of its region is a cut."""
_LOOK_SURE = 2.5
"""Bound on the log odds of one look: the network is as sure of its mistakes as of the rest."""
_WRIST_SURE, _FOREARM_SURE = 1.5, 1.0
"""Weights of what the body's wrists and forearms last said, against one look at the hand. Of 4,590 hands of words that
are nearer each other than 0.4 shoulder widths the wrists name 0.63 correctly, the forearms 0.78."""
_WRIST_REACH = 0.5
"""A hand further from both wrists, in sides of its region, is not this body's, or the pose is late."""


class Track:
    """A hand that is being followed, or was until a moment ago."""

    def __init__(self, view: View, hand: Hand, before: "Track | None" = None) -> None:
        """`before` is the track of the same hand that was lost."""
        self.left_logit = 0.0
        """Running mean of the evidence, in log odds, that this is the left hand."""
        self.weight = 0.0
        """Number of looks in it, older ones counting less."""
        self.arm_left_logit = 0.0
        """What the body's arms said when last read, in log odds: valid for the hand until the next read."""
        self.seen_at = view.ts
        self.hand, self.region = hand, hand.region
        self._stillness: Stillness | None = None
        self._looked_at = view.ts
        self._velocity = (0.0, 0.0)
        """Pixels a second."""
        self._slow = False
        if before is not None:
            self.left_logit, self.weight, self.seen_at = before.left_logit, before.weight, before.seen_at
            self.arm_left_logit = before.arm_left_logit
            self.hand = before.hand
        self.update(view, hand)

    def update(self, view: View, hand: Hand) -> None:
        """Add a new look at the hand."""
        keep = self.weight * math.exp(-max(0.0, view.ts - self.seen_at) / _MEMORY_SECONDS)
        if view.body is None:
            self.arm_left_logit = 0.0
        elif view.body_is_new:
            self.arm_left_logit = _on_left_arm(hand, view.body)
        look = min(max(hand.left_logit, -_LOOK_SURE), _LOOK_SURE)
        self.left_logit = (keep * self.left_logit + look + self.arm_left_logit) / (keep + 1)
        self.weight = keep + 1
        elapsed = view.ts - self._looked_at
        sure = self.weight > 1 and hand.presence > _SURE
        way = hand.distance(self.hand)
        settled = sure and way < _SETTLED_DISTANCE
        self._slow = sure and 0 < elapsed < _STEADY_SECONDS and way < _SLOW_SPEED * elapsed
        dx, dy = hand.region.x - self.region.x, hand.region.y - self.region.y
        steady = 0 < elapsed < _STEADY_SECONDS and math.hypot(dx, dy) < _CUT * hand.region.size
        self._velocity = (dx / elapsed, dy / elapsed) if steady else (0.0, 0.0)
        self.hand, self.region, self.seen_at, self._looked_at = hand, hand.region, view.ts, view.ts
        self._stillness = Stillness(view.image, hand.region, view.ts) if settled else None

    def expected(self, ts: float) -> Region:
        """Where to look now: ahead, where it was going."""
        elapsed = min(max(0.0, ts - self._looked_at), _STEADY_SECONDS)
        dx, dy = (speed * elapsed * _TRUST for speed in self._velocity)
        if math.hypot(dx, dy) < _FAST * self.region.size:
            return self.region
        return self.region.moved(dx, dy)

    def keep_if_still(self, view: View) -> bool:
        """Whether the last look still holds: it is recent and the hand hardly moves, or nothing changed since."""
        soon = 0 < view.ts - self._looked_at < _SLOW_SECONDS
        if self._slow and soon and view.motion.inside(self.region) < _SLOW_CHANGE:
            self.seen_at = view.ts
            return True
        still = self._stillness
        if still is None or not 0 <= view.ts - still.ts < _REST_SECONDS or not still.lasts(view.image):
            return False
        self.seen_at = view.ts
        return True


def _on_left_arm(hand: Hand, body: Body) -> float:
    """Log odds that this is the left hand, from the body's arms; nearer to 0 the less they are visible.

    A hand belongs to the nearer wrist, and continues its forearm's direction: where both hands meet, or arms cross, the
    wrists are together and the elbows apart.
    """
    to_left, to_right = (math.dist(wrist, hand.wrist) for wrist in (body.left_wrist, body.right_wrist))
    size = hand.region.size
    if min(to_left, to_right) > _WRIST_REACH * size:
        return 0.0
    nearer = min(max((to_right - to_left) / size, -1.0), 1.0)
    straighter = _straightness(hand, body.left_elbow) - _straightness(hand, body.right_elbow)
    return min(body.wrists_visible) * (_WRIST_SURE * nearer + _FOREARM_SURE * straighter)


def _straightness(hand: Hand, elbow: Point) -> float:
    """Cosine of the angle between a forearm from this elbow and the hand."""
    (x, y), (elbow_x, elbow_y) = hand.wrist, elbow
    length = math.dist(hand.wrist, elbow)
    if length == 0:
        return 0.0
    angle = hand.region.angle
    return (math.sin(angle) * (x - elbow_x) - math.cos(angle) * (y - elbow_y)) / length
