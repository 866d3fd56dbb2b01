"""Follows up to two hands from picture to picture, telling the signer's left from right."""

import dataclasses
import math

from edge.landmarks.crop import Region
from edge.landmarks.hands import Hand, HandNetworks
from edge.landmarks.search import MOVING_SECONDS, DetectorSchedule
from edge.landmarks.track import Track
from edge.landmarks.view import View

MAX_HANDS = 2
_SAME_PALM_OVERLAP = 0.5
"""A detected palm that overlaps a followed hand more is that hand: MediaPipe's figure."""
_SAME_HAND = 0.15
"""Two hands with landmarks nearer than this on average, in sides of their regions, are one hand. In 421 pictures of
two-handed signing all pairs below 0.10 were one hand, none above 0.15; overlap of the regions tells less."""
_STRAYED_OVERLAP = 0.65
"""A hand that overlaps its expected region less is looked at again, so that after a cut, and when a hand is fast, the
landmarks are right in that very frame: 1 % of looks at spelled words, 5 % at signs at 15 frames a second."""
_STRAYED_ANGLE = 0.5
"""So is one turned by more than this, in radians."""
_UNLIKELY_SECONDS = 0.5
"""Time between two looks for a second hand while the body shows no moving wrist without one."""
_WHOLE_EVERY = 5
"""Of this many looks in vain around a body, the first is followed by one at the whole picture: the supposed body may be
part of a hand. Of 983 stills of one hand, many close, 855 show it, without such looks 816."""
_REJOIN_SECONDS = 0.7
"""A hand that comes back this soon, near where it was lost, is the same hand."""


class HandTracker:
    """Follows hands by their last landmarks; the palm detector runs only while one is missing."""

    def __init__(self, networks: HandNetworks) -> None:
        self._networks = networks
        self.reset()

    def reset(self) -> None:
        self._tracks: list[Track] = []
        self._lost: list[Track] = []
        self._in_vain = 0
        """Looks in vain around the body since the last that showed a hand."""
        self.looked_in_vain = False
        """No hand was followed in the last frame, and none was found."""
        self._looks_again = False
        self._search = DetectorSchedule()

    @property
    def follows(self) -> bool:
        """A hand was there in the last frame."""
        return bool(self._tracks)

    def step(self, view: View) -> tuple[Hand | None, Hand | None]:
        """The signer's left and right hand."""
        self.looked_in_vain = False
        self._lost = [track for track in self._lost if 0 <= view.ts - track.seen_at <= _REJOIN_SECONDS]
        self._tracks = [track for track in self._tracks if view.is_mine(track.hand) and self._follow(track, view)]
        if len(self._tracks) == MAX_HANDS and self._tracks[0].hand.distance(self._tracks[1].hand) < _SAME_HAND:
            self._tracks.sort(key=lambda track: track.hand.presence)
            self._lose(self._tracks.pop(0), view)
        if len(self._tracks) < MAX_HANDS:
            likely = not self._tracks or view.may_show_more(self._tracks[0].hand)
            pause = MOVING_SECONDS if likely else _UNLIKELY_SECONDS
            moved, hidden = view.motion.outside(self._regions()), view.motion.may_hide_person
            if self._search.due(view.ts, moved, pause, hidden=hidden) or self._looks_again:
                followed = len(self._tracks)
                self._look_for_more(view)
                self._search.looked(view.ts, found=len(self._tracks) - followed)
                self.looked_in_vain = not self._tracks
                self._looks_again = self.looked_in_vain and view.has_another_light and not self._looks_again
        return self._sides()

    def _follow(self, track: Track, view: View) -> bool:
        """Returns False if the hand is lost."""
        if track.keep_if_still(view):
            return True
        hand = self._look(view, track.expected(view.ts))
        if hand is None:
            self._lose(track, view)
            return False
        track.update(view, hand)
        return True

    def _look(self, view: View, region: Region) -> Hand | None:
        """The hand in a region; looked at again where it is, if that is unexpected or the picture jumped."""
        hand = self._read(view, region)
        if hand is None or not (view.jumped or _strayed(region, hand.region)):
            return hand
        return self._read(view, hand.region) or hand

    def _read(self, view: View, region: Region) -> Hand | None:
        hand = self._networks.read(view.image, region)
        return hand and dataclasses.replace(hand, region=view.grown(hand.region))

    def _look_for_more(self, view: View) -> None:
        front = view.front()
        # For the second hand the near detector is enough. On 46 calibration clips 2,009 of 3,190 frames have a hand; if
        # it looks for the first one too, 1,973, for half a millisecond a frame less.
        near = front is not None and bool(self._tracks)
        around_body = front or view.square
        self._take(view, self._networks.find(view.image, around_body, near=near))
        if self._tracks or around_body is None or around_body.size >= max(view.picture.width, view.picture.height):
            self._in_vain = 0
            return
        if self._in_vain % _WHOLE_EVERY == 0:
            self._take(view, [palm for palm in self._networks.find(view.image) if view.is_large(palm)])
        self._in_vain += 1

    def _take(self, view: View, palms: list[Region]) -> None:
        """Follow those of these palms that are the signer's and new."""
        known = self._regions()
        for region in [palm for palm in palms if view.in_reach(palm)][:MAX_HANDS]:
            if len(self._tracks) == MAX_HANDS:
                return
            if any(region.overlap(followed) > _SAME_PALM_OVERLAP for followed in known):
                continue
            hand = self._look(view, region)
            others = [track.hand for track in self._tracks] + list(view.taken)
            if hand is None or not view.is_mine(hand):
                continue
            if all(hand.distance(other) >= _SAME_HAND for other in others):
                self._tracks.append(Track(view, hand, self._lost_near(hand.region)))

    def _lose(self, track: Track, view: View) -> None:
        self._lost.append(track)
        self._search.lost(view.ts)

    def _lost_near(self, region: Region) -> Track | None:
        """Take back the lost track that this hand continues, if any."""
        if not self._lost:
            return None
        nearest = min(self._lost, key=lambda lost: _apart(lost.region, region))
        if _apart(nearest.region, region) > max(nearest.region.size, region.size):
            return None
        self._lost.remove(nearest)
        return nearest

    def _regions(self) -> list[Region]:
        return [track.region for track in self._tracks]

    def _sides(self) -> tuple[Hand | None, Hand | None]:
        """One signer's two hands are a left and a right one, whatever each alone looks like."""
        if not self._tracks:
            return None, None
        if len(self._tracks) == 1:
            track = self._tracks[0]
            return (track.hand, None) if track.left_logit > 0 else (None, track.hand)
        left, right = sorted(self._tracks, key=lambda track: track.left_logit, reverse=True)
        return left.hand, right.hand


def _strayed(expected: Region, found: Region) -> bool:
    turned = abs(math.remainder(found.angle - expected.angle, 2 * math.pi))
    return turned > _STRAYED_ANGLE or expected.overlap(found) < _STRAYED_OVERLAP


def _apart(one: Region, other: Region) -> float:
    return math.hypot(one.x - other.x, one.y - other.y)
