"""Who signs here: one person at the counter, chosen from all in the picture, kept, and let go when they leave.

Nothing here looks at a picture: people come from the pose detector, bodies from the pose network.
"""

import math
from dataclasses import dataclass

from edge.config import SignerConfig
from edge.pose_points import ELBOWS, NOSE, SHOULDERS, WRISTS
from edge.types import Floats, Point

_SAME_PLACE, _SAME_SIZE = 0.5, 2.5
"""Two looks nearer than this, in shoulder widths, and less different in size than this factor, are one person.
Neighbours who touch are 1.0 apart; detector and pose put one person's head within 0.2, with sizes of 0.5 to 1.2 (132
frames)."""
_JUMP = 1.2
"""Shoulder widths between two looks at a body, at most 0.3 s apart: walking quickly is 1.0."""
_BETTER = 1.5
"""A newcomer must score this many times more than the current signer."""
_FAR_FROM_ZONE = 0.25
"""Of the picture's width: this far outside the zone a person scores half."""
_ARM = 3.0
"""A standing person's palm is at most 2.1 shoulder widths from its shoulder; perspective stretches an arm held towards
the camera."""
ON_WRIST, _ON_LATE_WRIST = 0.8, 1.6
"""A hand is this near one of its body's wrists, in sides of its region: with a pose of the same frame 99.9 % of 306
hands in signs are within 0.54, with one up to 0.3 s old 99.5 % of 1427 are within 1.3."""
_GIANT = 2.5
"""Side of a hand's region in shoulder widths: of MediaPipe's on 35 clips 95 in 100 are under 0.92."""
_NECK = 1.5
"""Shoulder widths per distance from nose to chest; from the front it is 1.9."""
_VISIBLE = 0.5


@dataclass(frozen=True, slots=True)
class Person:
    """Where somebody's head is, between nose and shoulders, as shares of the picture's width."""

    x: float
    y: float
    size: float
    """Approximate shoulder width."""

    def is_same(self, other: "Person") -> bool:
        """Whether two looks at one moment, or one where this one was lost, are of one person."""
        small, large = sorted((self.size, other.size))
        return self.distance(other) < _SAME_PLACE and large < _SAME_SIZE * small

    def has_jumped(self, before: "Person") -> bool:
        """Too far for a step, so another person: the pose network sees whoever is left in its square."""
        return self.distance(before) > _JUMP

    def distance(self, other: "Person") -> float:
        """Shoulder widths."""
        return math.dist((self.x, self.y), (other.x, other.y)) / max(self.size, other.size)


@dataclass(frozen=True, slots=True)
class Body:
    """The points of a body that tell whose a hand is, in pixels of the picture.

    Plain numbers: they are used several times a frame, but a pose is read only a few times a second.
    """

    nose: Point
    chest: Point
    """Between the shoulders."""
    left_shoulder: Point
    right_shoulder: Point
    left_elbow: Point
    right_elbow: Point
    left_wrist: Point
    right_wrist: Point
    wrists_visible: tuple[float, float]
    """Visibility of the left and the right one, 0 to 1."""

    @classmethod
    def of(cls, pose: Floats) -> "Body":
        """From landmarks (33, 4) in pixels."""
        x, y = pose[list(SHOULDERS), :2].mean(axis=0).tolist()
        nose, left_shoulder, right_shoulder, left_elbow, right_elbow, left_wrist, right_wrist = (
            (x, y) for x, y in pose[[NOSE, *SHOULDERS, *ELBOWS, *WRISTS], :2].tolist()
        )
        left, right = pose[list(WRISTS), 3].tolist()
        return cls(
            *(nose, (x, y), left_shoulder, right_shoulder),
            *(left_elbow, right_elbow, left_wrist, right_wrist),
            (left, right),
        )

    @property
    def shoulder_width(self) -> float:
        return math.dist(self.left_shoulder, self.right_shoulder)

    @property
    def _neck(self) -> float:
        return math.dist(self.nose, self.chest)

    @property
    def size(self) -> float:
        """Shoulder width, estimated by the neck when seen from the side."""
        return max(self.shoulder_width, self._neck)

    def person(self, width: int) -> Person:
        """Where the body is in a picture of this width. From the side the neck gives the size."""
        (nose_x, nose_y), (x, y) = self.nose, self.chest
        size = max(self.shoulder_width, _NECK * self._neck)
        return Person((nose_x + x) / 2 / width, (nose_y + y) / 2 / width, size / width)

    def reaches(self, place: Point) -> bool:
        """Whether a hand at this place can belong to the body."""
        nearest = min(math.dist(place, self.left_shoulder), math.dist(place, self.right_shoulder))
        return nearest < _ARM * self.size

    def is_within(self, middle: Point, size: float) -> bool:
        """Whether it lies in the square of a hand too large for it: the pose network sees bodies in hands."""
        ways = (abs(a - b) for place in (self.nose, self.chest) for a, b in zip(place, middle, strict=True))
        return size > _GIANT * self.size and max(ways) < size / 2

    @property
    def shows_wrists(self) -> bool:
        """Whether both wrists are in sight: then a hand at neither is another's, even if nobody else was seen."""
        return min(self.wrists_visible) >= _VISIBLE

    def has_on_wrist(self, wrist: Point, size: float, *, late: bool) -> bool:
        """Whether a hand with this wrist and region size is at a wrist of the body: the rule when others are near.

        `late`: the pose is older than the hand.
        """
        return self.way_to(wrist) < (_ON_LATE_WRIST if late else ON_WRIST) * size

    def way_to(self, wrist: Point) -> float:
        """Pixels from a hand's wrist to the body's nearer one, which is guessed if out of sight.

        For a signer whose hands rest below the picture a guess keeps off a neighbour's: in 12 joined clips 1,398 frames
        show one instead of 1,786.
        """
        return min(math.dist(wrist, self.left_wrist), math.dist(wrist, self.right_wrist))


class SignerLock:
    """Holds one place at the counter. The largest person nearest the zone gets it, and keeps it for a while.

    A better one must be there for `switch_seconds`; somebody out of sight keeps the place for `hold_seconds`.
    """

    def __init__(self, config: SignerConfig) -> None:
        self._config = config
        self.held: Person | None = None
        """Who has the place, as last seen."""
        self._seen_at = float("-inf")
        self._better_since: float | None = None

    def follow(self, ts: float, person: Person) -> None:
        """Note that whoever has the place was seen there."""
        self.held, self._seen_at = person, ts

    def choose(self, ts: float, people: list[Person]) -> Person | None:
        """Whom to read from now on, if it changes; `people` are all who are not yet read."""
        self._let_go(ts)
        if self.held is not None and self._seen_at < ts:
            back = [person for person in people if person.is_same(self.held)]
            return min(back, key=self.held.distance, default=None)
        best = max(people, key=self._worth, default=None)
        if self.held is None or best is None:
            self._better_since = None
            return best
        if self._worth(best) < _BETTER * self._worth(self.held):
            self._better_since = None
        elif self._better_since is None:
            self._better_since = ts
        elif ts - self._better_since >= self._config.switch_seconds:
            self._better_since = None
            return best
        return None

    def keeps(self, ts: float) -> bool:
        """Whether somebody has the place, seen or expected back."""
        self._let_go(ts)
        return self.held is not None

    def _let_go(self, ts: float) -> None:
        if not 0 <= ts - self._seen_at <= self._config.hold_seconds:
            self.held = self._better_since = None

    def _worth(self, person: Person) -> float:
        outside = max(0.0, abs(person.x - self._config.zone_x) - self._config.zone_width / 2)
        return float(person.size * 0.5 ** (outside / _FAR_FROM_ZONE))
