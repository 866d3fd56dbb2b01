"""Whose bodies are read: finds people, gives each place at the counter to one of them, and follows them."""

from typing import Self

from edge.config import SignerConfig
from edge.landmarks.body import BodyTracker
from edge.landmarks.crop import Region
from edge.landmarks.motion import MotionDetector
from edge.landmarks.picture import Picture
from edge.landmarks.pose import PoseNetworks
from edge.landmarks.search import MOVING_SECONDS, DetectorSchedule
from edge.signer import Body, Person, SignerLock

_ROUND_SECONDS, _CROWD_SECONDS = 2.0, 1.0
"""Time between two looks for somebody else while something moves and the signer followed is alone, or in company."""
_BODILESS_SECONDS = 1.0
"""Time between two looks for the body of a hand already read: held close, it may hide its body for long. Half a second
finds the same bodies in 36 clips; pauses that double up to 2 s lose all 30 of one of them."""

_ARMS = 6.0
"""Side of the square that holds both outstretched arms, in shoulder widths."""
_MOST = 0.75
"""From this share of the picture's width on most of the width is searched instead. In joined clips of two signers, 1280
x 360, the whole shows 4 % of their hands."""


class Place:
    """A place at the counter: who has it, and their body."""

    def __init__(self, networks: PoseNetworks, interval: float, config: SignerConfig) -> None:
        self._config = config
        self.body = BodyTracker(networks, interval)
        self.lock = SignerLock(config)
        self.last_body: Body | None = None
        """The body as last read, kept while its owner is expected back."""
        self.is_changed = False
        """Somebody took the place over in this frame."""
        self.is_left = False
        """Whoever had the place was let go in this frame."""

    def reset(self) -> None:
        self.body.reset()
        self.lock = SignerLock(self._config)
        self.last_body = None
        self.is_changed = self.is_left = False

    def continue_from(self, before: Self) -> None:
        """Take over who has the place, if it is chosen as before."""
        if before._config == self._config:
            self.lock = before.lock

    def follow(self, picture: Picture, ts: float) -> bool:
        """Returns False if the body was lost in this frame."""
        self.is_changed = self.is_left = False
        followed = self.body.region is not None
        self.body.step(picture, ts)
        if self.body.is_new and self._slid(picture):
            self.body.reset()
        if self.body.region is not None:
            self._seen(picture, ts)
            return True
        if self.last_body is not None and not self.lock.keeps(ts):
            self.last_body, self.is_left = None, True
        return not followed

    def square(self, picture: Picture) -> Region | None:
        """Where the hands of whoever has the place can be; None if that is most of the width, or nobody has it."""
        if self.last_body is None:
            return None
        width = picture.width
        person = self.last_body.person(width)
        size = _ARMS * person.size * width
        return Region(person.x * width, person.y * width, size) if size < _MOST * width else None

    @property
    def is_missed(self) -> bool:
        """Whoever has the place is hidden and expected back."""
        return self.body.region is None and self.last_body is not None

    def reads_same_as(self, other: "Place") -> bool:
        """Both follow the same body, as when two people pass: each network sees whoever is in front."""
        if self.body.region is None or other.body.region is None:
            return False
        mine, theirs = self.lock.held, other.lock.held
        return mine is not None and theirs is not None and mine.is_same(theirs)

    def _slid(self, picture: Picture) -> bool:
        """The network now reads somebody else."""
        pose, held = self.body.pose, self.lock.held
        return pose is not None and held is not None and Body.of(pose).person(picture.width).has_jumped(held)

    def take(self, picture: Picture, ts: float, region: Region) -> bool:
        """Read the person in a region from now on; False if the pose network sees nobody."""
        before = self.lock.held
        if not self.body.read(picture, ts, region):
            return False
        self._seen(picture, ts)
        assert self.lock.held is not None  # noqa: S101 - seen just now
        self.is_changed = before is not None and not self.lock.held.is_same(before)
        return True

    def _seen(self, picture: Picture, ts: float) -> None:
        if self.body.is_new or self.last_body is None:
            assert self.body.pose is not None  # noqa: S101 - called only with a pose
            self.last_body = Body.of(self.body.pose)
        self.lock.follow(ts, self.last_body.person(picture.width))


class People:
    """All places; the first is for whoever stands best."""

    def __init__(self, networks: PoseNetworks, interval: float, config: SignerConfig, places: int) -> None:
        self._networks = networks
        self.places = [Place(networks, interval, config) for _ in range(places)]
        self.reset()

    def reset(self) -> None:
        for place in self.places:
            place.reset()
        self._search = DetectorSchedule()
        self._looked_at = float("-inf")
        self._bystanders = 0

    @property
    def crowded(self) -> bool:
        """More than one person was seen, so a hand may be another's."""
        return self._bystanders + sum(place.lock.held is not None for place in self.places) > 1

    @property
    def follows(self) -> bool:
        """Somebody was there in the last frame."""
        return any(place.body.region is not None for place in self.places)

    @property
    def is_empty(self) -> bool:
        """Nobody is followed or expected back, and the last look showed nobody."""
        return not (self.follows or self._bystanders or any(place.last_body is not None for place in self.places))

    def bodies_beside(self, place: Place) -> tuple[Body, ...]:
        """Bodies of those who have the other places."""
        return tuple(other.last_body for other in self.places if other is not place and other.last_body is not None)

    def step(self, picture: Picture, ts: float, motion: MotionDetector, *, hand_followed: bool) -> None:
        """`hand_followed`: a hand is being read, so finding its body is not urgent."""
        for place in self.places:
            if not place.follow(picture, ts):
                self._search.lost(ts)
        # Only at the first place is a hand read without a body.
        missed = any(place.is_missed for place in self.places[1:])
        pause = _BODILESS_SECONDS if hand_followed and not missed else MOVING_SECONDS
        due = self._search.due(ts, motion.outside([]), pause, hidden=motion.may_hide_person)
        missed = missed or self.places[0].body.region is None
        round_seconds = _CROWD_SECONDS if self.crowded else _ROUND_SECONDS
        if due and (missed or not 0 <= ts - self._looked_at < round_seconds):
            self._look(picture, ts)
        self._release_duplicates()

    def _release_duplicates(self) -> None:
        """Free a place that follows the same body as an earlier one; its owner is near and is searched for again."""
        for number, place in enumerate(self.places):
            if any(place.reads_same_as(earlier) for earlier in self.places[:number]):
                place.reset()
                self._bystanders += 1

    def _look(self, picture: Picture, ts: float) -> None:
        width = picture.width
        followed = [place.lock.held for place in self.places if place.body.pose is not None and place.lock.held]
        bodies = {
            person: body
            for body, head in self._networks.find(picture.image)
            for person in [Person(head.x / width, head.y / width, head.size / width)]
            if not any(person.is_same(other) for other in followed)
        }
        taken = 0
        for place in self.places:
            while (person := place.lock.choose(ts, list(bodies))) is not None:
                if place.take(picture, ts, bodies.pop(person)):
                    taken += 1
                    break
        self._bystanders = len(bodies)
        self._looked_at = ts
        self._search.looked(ts, found=taken)
