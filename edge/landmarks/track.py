"""One hand from picture to picture: where it is, whose side it is on, and whether it rests."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from edge.landmarks.crop import Region
from edge.landmarks.hands import Hand
from edge.landmarks.motion import MotionDetector
from edge.landmarks.picture import Picture
from edge.landmarks.stillness import Stillness
from edge.signer import ON_WRIST, Body
from edge.types import Image, Point

_MEMORY_SECONDS = 0.2
"""Over how long a hand's side is averaged: a wrong start is put right within it."""
_REST_SECONDS = 0.5
"""A hand at rest is looked at this often all the same."""
_SURE, _SETTLED_DISTANCE = 0.9, 0.02
"""Only a hand that is surely seen, and was there in the last look too, may rest: doubtful landmarks get better with
each look, and for a moving hand the comparison would be in vain."""
_STEADY_SECONDS = 0.1
"""A hand keeps its speed for no longer."""
_SLOW_SPEED, _SLOW_SECONDS, _SLOW_CHANGE = 0.3, 0.05, 0.1
"""A hand slower than so many sides of its region a second, in which no larger share changed, is looked at 20 times a
second: at 30 frames every other time. On 18 calibration clips that saves 0.17 of the looks and the median
error against MediaPipe goes from 0.0145 to 0.016 hand sizes. Twice the speed saves 0.23, and costs the D of WORLD."""
_TRUST, _FAST, _CUT = 0.5, 0.05, 0.5
"""A hand is looked for half of its last way further on, if that is more than this share of its region: chosen on 18
calibration clips (1,060 hands matched with MediaPipe's become 1,094); on held-out signs the 95th percentile of the
error goes from 0.151 to 0.132 hand sizes. With 0.7 of the way, or for every hand, it grows. Half a region is a cut."""
_LOOK_SURE = 2.5
"""Bound on the log odds of one look: the network is as sure of its mistakes as of the rest."""
_WRIST_SURE, _FOREARM_SURE = 1.5, 1.0
"""Weight of what the body's wrists and forearms said last against one look at the hand. Of 4,590 hands of words that
are nearer each other than 0.4 shoulder widths the wrists name 0.63 rightly, the forearms 0.78."""
_WRIST_SEEN = 0.5
_WRIST_REACH = 0.5
"""A hand further from both wrists, in sides of its region, is not this body's, or the pose is late."""
_WRIST_SQUARE, _WRIST_VISIBLE, _WRIST_MOVES = 1.2, 0.3, 0.02
"""Side of the square around a wrist, in shoulder widths, and the share of it that must change. Of 173 looks for a
second hand in 57 clips of signs 8 found one; 32 of the looks, and 3 of the hands, had a wrist to go by."""

_LEAST_SIDE, _MOST_GROWN = 0.65, 1.3
"""A hand's region is no smaller, in shoulder widths, but grows by this factor at most: landmarks that shrank upon half
a hand have the next look cut the other half off. Of MediaPipe's hands on 35 clips 82 in 100 are larger. On calibration
clips, with four kinds of noise, the error's 95th percentile goes from 0.165 to 0.127 hand sizes (0.6: 0.150, 0.7:
0.149), with 2 % fewer looks; on held-out signs from 0.168 to 0.142."""

_FRONT, _FRONT_REACH = 5 / 6, (1.2, 1.6)
"""Side of the square in front of a body, in widths of the picture, and how far it reaches at least from the chest
to either side and down, in shoulder widths. The whole of a picture on end would show hands half as large: of 18
calibration clips made 9:16 by borders 863 frames have a hand, in the whole 812, before 858. With 1.4 downwards hands at
the waist of a large body are lost: 1,990 of 2,102 are found in clips cut to 9:16, with 1.6 2,044."""

_JUMPED_SHARE = 0.2
"""Share of the picture that changes at once where it jumps. Of 739 frames of people who sign 12 % are over 0.05, 2 %
over 0.1, and three over 0.15, which are over 0.5 too."""


@dataclass(frozen=True, slots=True)
class View:
    """One frame and what is already known of it."""

    picture: Picture
    ts: float
    motion: MotionDetector
    square: Region | None = None
    """Where the signer's hands can be, if that is much less than the whole picture."""
    body: Body | None = None
    """The signer's, as last read."""
    body_is_new: bool = False
    """It was read in this very frame."""
    crowded: bool = False
    """Others stand near: not every hand is the signer's."""
    taken: tuple[Hand, ...] = ()
    """Hands of other signers."""

    @property
    def image(self) -> Image:
        return self.picture.image

    @property
    def jumped(self) -> bool:
        """Too much changed at once for what was known of the last picture to hold: a cut, a bumped camera, a lamp."""
        return self.motion.outside([]) > _JUMPED_SHARE

    def is_mine(self, hand: Hand) -> bool:
        """Not a bystander's hand. While no body is seen, as when a hand fills the picture, any is the signer's."""
        if self.body is None or self.hides_body(hand.region):
            return True
        if not self.in_reach(hand.region):
            return False
        if not self.crowded and not self.body.shows_wrists:
            return True
        late = not (self.body_is_new and self.crowded)
        return self.body.has_on_wrist(hand.wrist, hand.region.size, late=late)

    def grown(self, region: Region) -> Region:
        """As large as the region of a hand of this body is at least."""
        if self.body is None:
            return region
        least = min(_LEAST_SIDE * self.body.size, _MOST_GROWN * region.size)
        return dataclasses.replace(region, size=max(region.size, least))

    def may_show_more(self, than: Hand) -> bool:
        """A wrist of the body moves in the picture on which this hand does not hang. Without a body: who knows."""
        if self.body is None:
            return True
        size = _WRIST_SQUARE * self.body.shoulder_width
        height, width = self.picture.height, self.picture.width
        wrists = (self.body.left_wrist, self.body.right_wrist)
        for (x, y), visible in zip(wrists, self.body.wrists_visible, strict=True):
            inside = 0 <= x < width and 0 <= y < height
            if visible < _WRIST_VISIBLE or not inside or _hangs_on(than, x, y):
                continue
            if self.motion.inside(Region(x, y, size), apart_from=than.region) > _WRIST_MOVES:
                return True
        return False

    def front(self) -> Region | None:
        """Where the hands of a body that is large in the picture can be: most of the width, the same of the height.

        None while no body says so, or it is small.
        """
        if self.body is None or self.square is not None:
            return None
        height, width = self.picture.height, self.picture.width
        across, down = (2 * reach * self.body.shoulder_width for reach in _FRONT_REACH)
        side = width if across > _FRONT * width else _FRONT * width
        side = max(side, min(down, height))
        x, y = self.body.chest
        return Region(_inside(x, side, width), _inside(y, side, height), side)

    def in_reach(self, region: Region) -> bool:
        return self.body is None or self.hides_body(region) or self.body.reaches((region.x, region.y))

    def is_large(self, region: Region) -> bool:
        """No smaller than a hand of the body, as one of somebody behind would be."""
        return self.body is None or region.size >= _LEAST_SIDE * self.body.size

    def hides_body(self, region: Region) -> bool:
        """A hand this large has no such body: the pose network took a part of the hand for one."""
        return self.body is not None and self.body.is_dwarfed_by(region.size)


class Track:
    """A hand that is being followed, or was until a moment ago."""

    def __init__(self, view: View, hand: Hand, before: Track | None = None) -> None:
        """`before` is the track of the same hand that was lost."""
        self.leftness = 0.0
        """Running mean of the evidence, in log odds, that this is the left hand."""
        self.weight = 0.0
        """Looks behind it, the older ones counting less."""
        self.by_arms = 0.0
        """What the body's arms said when they were last read, in log odds: it holds for the hand until the next."""
        self.seen_at = view.ts
        self.hand, self.region = hand, hand.region
        self._stillness: Stillness | None = None
        self._looked_at = view.ts
        self._velocity = (0.0, 0.0)
        """Pixels a second."""
        self._slow = False
        if before is not None:
            self.leftness, self.weight, self.seen_at = before.leftness, before.weight, before.seen_at
            self.by_arms = before.by_arms
            self.hand = before.hand
        self.update(view, hand)

    def update(self, view: View, hand: Hand) -> None:
        """Take in a new look at the hand."""
        keep = self.weight * math.exp(-max(0.0, view.ts - self.seen_at) / _MEMORY_SECONDS)
        if view.body is None:
            self.by_arms = 0.0
        elif view.body_is_new:
            self.by_arms = _on_left_arm(hand, view.body)
        look = min(max(hand.leftness, -_LOOK_SURE), _LOOK_SURE)
        self.leftness = (keep * self.leftness + look + self.by_arms) / (keep + 1)
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
        """Where to look now: on, where it was going."""
        elapsed = min(max(0.0, ts - self._looked_at), _STEADY_SECONDS)
        dx, dy = (speed * elapsed * _TRUST for speed in self._velocity)
        if math.hypot(dx, dy) < _FAST * self.region.size:
            return self.region
        return self.region.moved(dx, dy)

    def rests(self, view: View) -> bool:
        """The last look still holds: it was a moment ago and the hand hardly moves, or nothing has changed since."""
        soon = 0 < view.ts - self._looked_at < _SLOW_SECONDS
        if self._slow and soon and view.motion.inside(self.region) < _SLOW_CHANGE:
            self.seen_at = view.ts
            return True
        still = self._stillness
        if still is None or not 0 <= view.ts - still.ts < _REST_SECONDS or not still.lasts(view.image):
            return False
        self.seen_at = view.ts
        return True


def _inside(middle: float, side: float, length: float) -> float:
    """The middle moved until the side lies within the length, or in the midst of it where it is longer."""
    return min(max(middle, side / 2), length - side / 2) if side < length else length / 2


def _hangs_on(hand: Hand, x: float, y: float) -> bool:
    return math.dist((x, y), hand.wrist) < ON_WRIST * hand.region.size


def _on_left_arm(hand: Hand, body: Body) -> float:
    """Log odds that this is the left hand, from the body's arms; 0 where they do not tell.

    It hangs on the nearer wrist, and goes on in the direction of its forearm: where both hands meet, or arms cross, the
    wrists lie together and the elbows apart.
    """
    if min(body.wrists_visible) < _WRIST_SEEN:
        return 0.0
    to_left, to_right = (math.dist(wrist, hand.wrist) for wrist in (body.left_wrist, body.right_wrist))
    size = hand.region.size
    if min(to_left, to_right) > _WRIST_REACH * size:
        return 0.0
    nearer = min(max((to_right - to_left) / size, -1.0), 1.0)
    straighter = _straightness(hand, body.left_elbow) - _straightness(hand, body.right_elbow)
    return _WRIST_SURE * nearer + _FOREARM_SURE * straighter


def _straightness(hand: Hand, elbow: Point) -> float:
    """Cosine of the bend between a forearm from this elbow and the hand."""
    (x, y), (elbow_x, elbow_y) = hand.wrist, elbow
    length = math.dist(hand.wrist, elbow)
    if length == 0:
        return 0.0
    angle = hand.region.angle
    return (math.sin(angle) * (x - elbow_x) - math.cos(angle) * (y - elbow_y)) / length
