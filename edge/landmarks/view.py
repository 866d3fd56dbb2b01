"""One frame, for one signer's hands: where they may be, and which are theirs."""

import dataclasses
import math
from dataclasses import dataclass

from edge.landmarks.crop import Region
from edge.landmarks.hands import Hand
from edge.landmarks.motion import MotionDetector
from edge.landmarks.picture import Picture
from edge.signer import ON_WRIST, Body
from edge.types import Image

_WRIST_SQUARE = 1.2
"""Side of the square around a wrist, in shoulder widths."""
_WRIST_VISIBLE = 0.3
"""Least visibility of the wrist."""
_WRIST_MOVES = 0.02
"""Share of the square that must change. Of 173 looks for a second hand in 57 clips of signs 8 found one; 32 of the
looks, and 3 of the hands, had a wrist to go by."""

_LEAST_SIDE = 0.65
"""A hand's region is no smaller, in shoulder widths: landmarks that shrank to half a hand would make the next look cut
off the other half. Of MediaPipe's hands on 35 clips 82 in 100 are larger. On calibration clips, with four kinds of
noise, the error's 95th percentile goes from 0.165 to 0.127 hand sizes (0.6: 0.150, 0.7: 0.149), with 2 % fewer looks;
on held-out signs from 0.168 to 0.142."""
_MOST_GROWN = 1.3
"""Greatest factor by which a region grows for that."""

_FRONT = 5 / 6
"""Side of the square in front of a body, in widths of the picture."""
_FRONT_REACH = (1.2, 1.6)
"""How far that square must reach from the chest to either side and down, in shoulder widths. A whole portrait picture
would show hands half as large: of 18 calibration clips made 9:16 by borders 863 frames have a hand, in the whole 812,
before 858. With 1.4 downwards hands at the waist of a large body are lost: 1,990 of 2,102 are found in clips cut to
9:16, with 1.6 2,044."""

_JUMPED_SHARE = 0.2
"""Share of the picture that changes at once if it jumps. Of 739 frames of people who sign 12 % are over 0.05, 2 % over
0.1, and three over 0.15, all of them over 0.5."""


@dataclass(frozen=True, slots=True)
class View:
    """One frame and what is already known about it."""

    picture: Picture
    ts: float
    motion: MotionDetector
    square: Region | None = None
    """Where the signer's hands can be, if that is much less than the whole picture."""
    body: Body | None = None
    """The signer's, as last read."""
    body_is_new: bool = False
    """The body was read in this very frame."""
    crowded: bool = False
    """Others are near: not every hand is the signer's."""
    others: tuple[Body, ...] = ()
    """Bodies of other signers."""
    taken: tuple[Hand, ...] = ()
    """Hands of other signers."""
    has_another_light: bool = False
    """The next picture will be brightened differently if no hand is seen in this one."""

    @property
    def image(self) -> Image:
        return self.picture.image

    @property
    def jumped(self) -> bool:
        """Too much changed at once for the last picture's findings to hold: a cut, a bumped camera, a lamp."""
        return self.motion.outside([]) > _JUMPED_SHARE

    def is_mine(self, hand: Hand) -> bool:
        """Whether a hand is no bystander's. With no body in sight (a hand may fill the picture), no other signer's."""
        body = None if self.hides_body(hand.region) else self.body
        if any(_is_of_other(hand, body, other) for other in self.others):
            return False
        if body is None:
            return True
        if not self.in_reach(hand.region):
            return False
        if not self.crowded and not body.shows_wrists:
            return True
        late = not (self.body_is_new and self.crowded)
        return body.has_on_wrist(hand.wrist, hand.region.size, late=late)

    def grown(self, region: Region) -> Region:
        """The region, made at least as large as a hand of this body needs."""
        if self.body is None:
            return region
        least = min(_LEAST_SIDE * self.body.size, _MOST_GROWN * region.size)
        return dataclasses.replace(region, size=max(region.size, least))

    def may_show_more(self, than: Hand) -> bool:
        """Whether a moving, visible wrist has no hand yet. True without a body."""
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
        """Where the hands of a body that is large in the picture can be: most of the width, and as much of the height.

        None without a body, or with a small one.
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
        """Not smaller than a hand of the body, as a hand of somebody behind would be."""
        return self.body is None or region.size >= _LEAST_SIDE * self.body.size

    def hides_body(self, region: Region) -> bool:
        """What looks like a body is part of this hand."""
        return self.body is not None and self.body.is_within((region.x, region.y), region.size)


def _is_of_other(hand: Hand, mine: Body | None, other: Body) -> bool:
    """Whether it is at a wrist of the other body, and farther from mine."""
    if not other.has_on_wrist(hand.wrist, hand.region.size, late=True):
        return False
    return mine is None or other.way_to(hand.wrist) < mine.way_to(hand.wrist)


def _inside(middle: float, side: float, length: float) -> float:
    """`middle`, moved so that `side` lies within `length`, or centred if it is longer."""
    return min(max(middle, side / 2), length - side / 2) if side < length else length / 2


def _hangs_on(hand: Hand, x: float, y: float) -> bool:
    return math.dist((x, y), hand.wrist) < ON_WRIST * hand.region.size
