"""From probabilities to letters: one letter when a hand settles, once however long it is held, nothing when unsure.

Driven by the time stamps of the scores alone, so a replay at any speed gives what the live run gave. Speeds and
lengths are in palm widths of the signer. The constants were set on the spelled clips of two signers and on hands
in conversation; inside a held letter the palm moves 0.3 to 1.5 palm widths a second and the fingers 0.1 to 0.5,
a change of letter moves the fingers 1.6 to 8 and a slide the palm 4 to 7.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edge.letters import MOTION_LETTERS, NOTHING
from edge.types import Emission, Floats, Motion, Scores

_EVIDENCE_SECONDS = 0.1
"""Time constant of the smoothing: two to three frames at 30 fps, one at 10 fps."""
_LONGEST_GAP_SECONDS = 0.25
"""A hand missing for longer was taken away: the next letter may be the same one again."""
_STILL_SPEED, _STILL_SHAPE_SPEED = 2.0, 1.2
"""Slower than this the hand is settled."""
_MOVED_SPEED, _MOVED_SHAPE_SPEED = 3.0, 0.8
"""Faster than this the hand has left the letter it held."""
_UNMOVED_SETTLE_FACTOR = 2.5
"""Without such a movement another letter must stand this much longer: more often the model wavers than the hand."""
_SLIDE_SPEED, _SLIDE_PALM_WIDTHS = 3.0, 0.5
"""A doubled letter slides sideways at least so fast and so far; held ones seldom pass 2.9 and 0.6 together."""
_DRIFT_SECONDS = 0.5
"""The place of rest follows a held hand this slowly, so that it is still the old one when a slide shows."""
_REARM_PROBABILITY = 0.25
"""A motion letter has ended once its probability fell under this; then it may be drawn again."""
_RELEASE_SECONDS = 0.3
"""An open or changed hand this long between two equal letters makes them two."""
_FIRST_FLOOR, _SPELLING_FLOOR = 0.75, 0.6
"""Most hands that come up do not spell: the first letter, and a motion, need more evidence than a letter that follows
another. Hands at rest reach 0.7 as a P or B."""
_ECHOES = {"J": frozenset("IY"), "Z": frozenset("DGXL")}
"""Hand shapes a motion letter ends in: they are its tail, not a letter, until the hand moves on."""


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """When the decoder stands behind a letter; from the bundle's manifest, where it was fitted with the model."""

    floor: float = 0.6
    """Least evidence for a label that has no floor of its own."""
    floors: Mapping[str, float] = field(default_factory=dict)
    settle_seconds: float = 0.2
    """How long a letter must be the best one while the hand is still."""
    settle_seconds_by_label: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys("IDGX", 0.35))
    """Letters that must wait in case they begin a J or a Z."""

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> OperatingPoint:
        known = {name: manifest[name] for name in cls.__dataclass_fields__ if name in manifest}
        return cls(**known)

    def least_evidence(self, label: str, *, spelling: bool) -> float:
        """The label's own floor, which was fitted on isolated clips, but never less than a stream asks for."""
        least = _SPELLING_FLOOR if spelling and label not in MOTION_LETTERS else _FIRST_FLOOR
        return max(self.floors.get(label, self.floor), least)

    def settle(self, label: str) -> float:
        return self.settle_seconds_by_label.get(label, self.settle_seconds)


@dataclass(slots=True)
class _Said:
    """The letter last emitted, and what the hand has done since."""

    label: str
    rest: Floats | None = None
    """(2,): where the hand came to rest with it, pixels; follows a hand that drifts."""
    moved: bool = False
    slid: bool = False
    ended: bool = False
    """A motion letter whose drawing is over, a static one whose hand opened or changed: it may be said again."""


class LetterDecoder:
    """Scores in time order in, letters out."""

    def __init__(self, point: OperatingPoint) -> None:
        self._point = point
        self.abstentions = 0
        """Settled hand shapes that stayed unsaid because no letter reached its floor."""
        self._evidence: Floats | None = None
        self._said: _Said | None = None
        self._forget()

    def step(self, ts: float, scores: Scores | None) -> list[Emission]:
        """Take what was seen at `ts` (None: no spelling hand); returns at most one letter."""
        if scores is None:
            if ts - self._seen_at > _LONGEST_GAP_SECONDS:
                self._forget()
            return []
        if ts - self._seen_at > _LONGEST_GAP_SECONDS or scores.motion.seconds == 0:
            self._evidence = None  # another hand, or the picture was cut: nothing carries over but what was said
        elapsed = min(ts - self._seen_at, _LONGEST_GAP_SECONDS)
        self._gather(ts, scores)
        self._follow(scores.motion, elapsed)
        label = self._settle(ts, scores)
        if label is None or not self._may_say(label, ts):
            return []
        return [self._say(label, ts, scores)]

    def _forget(self) -> None:
        self._seen_at = -math.inf
        self._evidence = None
        self._candidate = NOTHING
        self._candidate_since = math.inf
        self._said = None
        self._doubted = False

    def _gather(self, ts: float, scores: Scores) -> None:
        if self._evidence is None:
            self._evidence = scores.probabilities
        else:
            keep = math.exp(-(ts - self._seen_at) / _EVIDENCE_SECONDS)
            self._evidence = keep * self._evidence + (1 - keep) * scores.probabilities
        self._seen_at = ts

    def _follow(self, motion: Motion, elapsed: float) -> None:
        """Note whether the hand has left, or slid with, the letter it said last."""
        said = self._said
        if said is None:
            return
        still = _is_still(motion)
        if said.rest is None:
            said.rest = motion.position if still else None
            return
        cut = motion.seconds == 0
        said.moved |= cut or motion.shape_speed >= _MOVED_SHAPE_SPEED or motion.speed >= _MOVED_SPEED
        said.slid |= cut or motion.speed >= _SLIDE_SPEED
        if said.slid and still and not _is_sideways(motion.position - said.rest, motion.palm_width):
            said.slid = False
        if not said.slid:
            follow = 1 - math.exp(-elapsed / _DRIFT_SECONDS)
            said.rest = said.rest + np.float32(follow) * (motion.position - said.rest)

    def _settle(self, ts: float, scores: Scores) -> str | None:
        """The best label, once it has been the best for long enough with enough evidence."""
        evidence = self._evidence
        assert evidence is not None  # noqa: S101 - _gather has just set it
        label = scores.labels[int(np.argmax(evidence))]
        if label != self._candidate:
            self._candidate, self._candidate_since, self._doubted = label, ts, False
        self._release(ts, scores)
        settled = label in MOTION_LETTERS or _is_still(scores.motion)
        if label == NOTHING or not settled or ts - self._candidate_since < self._point.settle(label) - 1e-6:
            return None
        if evidence.max() < self._point.least_evidence(label, spelling=self._said is not None):
            self.abstentions += not self._doubted
            self._doubted = True
            return None
        return label

    def _release(self, ts: float, scores: Scores) -> None:
        """The letter said last is over when the hand moved away from it and its evidence went."""
        said = self._said
        if said is None or self._evidence is None:
            return
        gone = self._evidence[scores.labels.index(said.label)] < _REARM_PROBABILITY
        if said.label in MOTION_LETTERS:
            said.ended |= bool(gone)
        else:
            away = gone and self._candidate != said.label and ts - self._candidate_since >= _RELEASE_SECONDS
            said.ended |= bool(away and said.moved)

    def _may_say(self, label: str, ts: float) -> bool:
        """Hold back what is only the last letter, still held."""
        said = self._said
        if said is None:
            return True
        if label in _ECHOES.get(said.label, ()) and not said.moved:
            return False
        if label == said.label:
            return said.ended or (label not in MOTION_LETTERS and said.slid)
        return said.moved or ts - self._candidate_since >= _UNMOVED_SETTLE_FACTOR * self._point.settle(label)

    def _say(self, label: str, ts: float, scores: Scores) -> Emission:
        evidence = self._evidence
        assert evidence is not None  # noqa: S101 - a label was settled on it
        best = np.argsort(evidence)[::-1][:4]
        self._said = _Said(label)
        return Emission(
            type="letter",
            label=label,
            confidence=float(evidence[best[0]]),
            alternatives=tuple((scores.labels[index], float(evidence[index])) for index in best),
            started_at=self._candidate_since,
            ended_at=ts,
            decided_at=ts,
            hand=scores.hand,
        )


def _is_still(motion: Motion) -> bool:
    return motion.speed < _STILL_SPEED and motion.shape_speed < _STILL_SHAPE_SPEED


def _is_sideways(moved: Floats, palm_width: float) -> bool:
    across, down = np.abs(moved) / palm_width
    return bool(across >= _SLIDE_PALM_WIDTHS and across > 2 * down)
