"""Streams spliced from isolated recordings with rests between, read by the daemon's word reader."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np

from edge.landmark_store import UNKNOWN_BRIGHTNESS
from edge.pose_points import SHOULDERS
from edge.teach import UNKNOWN_SIGN_FPS
from edge.types import Floats, Landmarks
from edge.word_reader import WordReader
from training.store import Clip
from training.words.resting import Rest, lowered, trembling

_REST_SECONDS = 1.5
_WAY_SECONDS = 0.3
"""Time for the hands to go to rest, and from there to the next sign."""
_BELLY = 1.0
"""Shoulder widths below the shoulders."""
_SIGNS_A_STREAM = 8
_GRACE_SECONDS = 0.5
"""A word said this long after its sign's end still counts for it (issue 5)."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One signer's recordings one after another; between them the hands rest and the body stays."""

    frames: list[Landmarks]
    spans: list[tuple[str, float, float]]
    """Gloss, times of the first frame and of the last with a hand, in seconds."""


def streams(clips: Sequence[Clip], rest: Rest = "away") -> Iterator[Stream]:
    """Every clip with movement and a body, once, always in the same random order, a few to a stream.

    The clips of a stream are of one signer, in pictures of one size.
    """
    groups: dict[tuple[str, int, int], list[Clip]] = defaultdict(list)
    for clip in clips:
        if not clip.still and len(clip.pose):
            groups[clip.signer, clip.width, clip.height].append(clip)
    rng = np.random.default_rng(0)
    for _, own in sorted(groups.items()):
        order = [own[k] for k in rng.permutation(len(own))]
        for first in range(0, len(order), _SIGNS_A_STREAM):
            yield _spliced(order[first : first + _SIGNS_A_STREAM], rest, rng)


@dataclass(slots=True)
class Tally:
    """What readers said of streams."""

    signs: int = 0
    said: int = 0
    right: int = 0
    clips: int = 0
    """Signs of any kind."""
    speaking: int = 0
    """Signs during or after which, until the next, anything was said."""
    hours: float = 0.0
    delays: list[float] = field(default_factory=list)

    def read(self, stream: Stream, reader: WordReader, words: Collection[str]) -> None:
        """Read one stream; signs of `words` are to be found."""
        found: set[int] = set()
        speaking: set[int] = set()
        for frame in stream.frames:
            for emission in reader.step(frame):
                self.said += 1
                place = _place(emission.decided_at, stream.spans)
                speaking.add(sum(start <= emission.decided_at for _, start, _ in stream.spans) - 1)
                if place is not None and place not in found and stream.spans[place][0] == emission.label:
                    found.add(place)
                    self.delays.append(emission.decided_at - stream.spans[place][2])
        self.right += len(found)
        self.speaking += len(speaking)
        self.clips += len(stream.spans)
        self.signs += sum(gloss in words for gloss, _, _ in stream.spans)
        self.hours += (stream.frames[-1].ts - stream.frames[0].ts) / 3600

    def figures(self) -> dict[str, Any]:
        """Precision and recall of what was said, how long after its sign's end, and how much was wrong."""
        return {
            "signs": self.signs,
            "said": self.said,
            "precision": round(self.right / self.said, 4) if self.said else None,
            "recall": round(self.right / self.signs, 4) if self.signs else None,
            "median_delay_s": round(median(self.delays), 3) if self.delays else None,
            "speaking": round(self.speaking / self.clips, 4) if self.clips else None,
            "hours": round(self.hours, 3),
            "wrong": self.said - self.right,
        }


def _spliced(clips: Sequence[Clip], rest: Rest, rng: np.random.Generator) -> Stream:
    frames: list[Landmarks] = []
    spans: list[tuple[str, float, float]] = []
    now = 0.0
    for clip, following in zip(clips, [*clips[1:], None], strict=True):
        step = 1 / (clip.fps or UNKNOWN_SIGN_FPS)
        start = end = now
        for hands, pose in zip(clip.hands, clip.pose, strict=True):
            frames.append(_frame(clip, hands, pose, now))
            end = now if np.isfinite(hands[:, 0, 0]).any() else end
            now += step
        spans.append((clip.label, start, end))
        resting = _Resting(clip, following, rest)
        for k in range(round(_REST_SECONDS / step)):
            frames.append(_frame(clip, resting.hands(k * step, rng), clip.pose[-1], now))
            now += step
    return Stream(frames, spans)


class _Resting:
    """Hands between two signs."""

    def __init__(self, clip: Clip, following: Clip | None, rest: Rest) -> None:
        self._size = np.array([clip.width, clip.height, clip.width], np.float32)
        nobody = np.full((2, 21, 3), np.nan, np.float32)
        self._last = _last_seen(clip.hands) * self._size
        self._next = following.hands[0] * self._size if following else nobody
        self._rest = nobody if rest == "away" else self._last
        if rest == "lowered":
            shoulders = clip.pose[-1, list(SHOULDERS), :2] * self._size[:2]
            belly = shoulders[:, 1].mean() + _BELLY * np.linalg.norm(shoulders[0] - shoulders[1])
            self._rest = lowered(self._last, float(belly))

    def hands(self, seconds: float, rng: np.random.Generator) -> Floats:
        """(2, 21, 3): the hands this long after the sign; in the end each goes to the next one."""
        gone = min(seconds / _WAY_SECONDS, 1.0)
        hands = self._last + gone * (self._rest - self._last)
        back = 1 - min((_REST_SECONDS - seconds) / _WAY_SECONDS, 1.0)
        hands = np.where(np.isfinite(self._next), hands + back * (self._next - hands), hands)
        return np.asarray(trembling(np.asarray(hands, np.float32), rng) / self._size, np.float32)


def _last_seen(hands: Floats) -> Floats:
    """(T, 2, 21, 3) to (2, 21, 3): the hands of the last frame that has any."""
    seen = np.flatnonzero(np.isfinite(hands[:, :, 0, 0]).any(axis=1))
    return np.asarray(hands[seen[-1] if len(seen) else -1], np.float32)


def _frame(clip: Clip, hands: Floats, pose: Floats, ts: float) -> Landmarks:
    presence = np.isfinite(hands[:, 0, 0]).astype(np.float32)
    return Landmarks(ts, clip.width, clip.height, hands, presence, pose, UNKNOWN_BRIGHTNESS)


def _place(ts: float, spans: list[tuple[str, float, float]]) -> int | None:
    inside = (k for k, (_, start, end) in enumerate(spans) if start <= ts <= end + _GRACE_SECONDS)
    return next(inside, None)
