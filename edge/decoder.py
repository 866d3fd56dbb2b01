"""From probabilities to letters: one letter when a hand settles, once however long it is held, nothing when unsure.

Driven by the time stamps of the scores alone, so a replay at any speed gives what the live run gave. Speeds and
lengths are in palm widths of the signer, measured over 0.07 s or two frames.

The first letter must stand still for a while, since most hands that come up do not spell. Once a word has begun, a
letter is said as soon as the hand is still with it: fluent spellers hold one for 0.12 s. A pose too short or too
doubtful to be said by itself waits for what follows, which confirms it, or shows that a J or Z began with it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from edge.doubling import Doubling
from edge.letters import MOTION_LETTERS, NOTHING
from edge.operating_point import OperatingPoint
from edge.types import Emission, Floats, Motion, Scores

_EVIDENCE_SECONDS, _CHANGE_SPEED = 0.1, 2.0
"""Time constant of the smoothing for a hand at rest; it is shorter the faster the fingers move."""
_LONGEST_GAP_SECONDS = 0.25
"""A hand missing for longer was taken away: the next letter may be the same one again."""
_STILL_SPEED, _STILL_SHAPE_SPEED = 2.5, 1.7
"""Slower than this the hand is settled. Held letters stay under 1 and 0.5, landmark noise reaches 1.3 at 30 fps;
changes of letter reach 1.7 (M to A, at one letter a second) to 19."""
_MOVED_SPEED, _MOVED_SHAPE_SPEED = 3.0, 1.5
"""Faster than this the hand has left the letter it held."""
_UNMOVED_SETTLE_FACTOR = 2.5
"""Without such a movement another letter must stand this much longer: more often the model wavers than the hand."""
_LEFT_PROBABILITY = 0.15
"""The hand shows another letter than the last one only where the last one is this improbable."""
_FIRST_SECONDS = 0.25
"""Stillness asked of a first letter: idle hands say half as many as with 0.2."""
_QUICK_SECONDS = 0.06
"""Stillness asked of a letter that follows another within `_WORD_SECONDS`: two frames at 30 fps, one at 15."""
_WORD_SECONDS = 1.5
_DOUBTFUL_FLOOR = 0.5
"""Least evidence for poses that others must confirm."""
_CHAIN, _CHAIN_FLOOR = 3, 0.75
"""So many short poses in a row, this sure on average, are the beginning of a quick word."""
_REARM_PROBABILITY = 0.25
"""A letter is over once its probability fell under this; then it may be made again."""
_RELEASE_SECONDS = 0.3
"""An open or changed hand this long between two equal letters makes them two."""
_HELD_SHAPES = {"J": frozenset("IY"), "Z": frozenset("DGXL")}
"""Hand shapes a motion letter begins and ends in: they are part of it, not letters, unless they are held."""


@dataclass(slots=True)
class _Said:
    """The letter last emitted, and what the hand has done since."""

    label: str
    at: float
    rested: bool
    """The hand came to rest with it; what moves before is the drawing of a J or Z."""
    moved: bool = False
    doubled: bool = False
    ended: bool = False
    """A motion letter whose drawing is over, a static one whose hand opened or changed: it may be said again."""


@dataclass(slots=True)
class _Run:
    """A stretch in which one label is the best."""

    label: str
    since: float
    still: float = 0.0
    """Seconds of it in which the hand was still."""
    doubted: bool = False


@dataclass(slots=True)
class _Pose:
    """A stretch in which the hand is still, whatever the model says."""

    since: float
    total: Floats
    """(labels,): probabilities times seconds."""
    scores: Scores
    """The last ones of it."""
    still: float = 0.0
    said: bool = False

    @property
    def mean(self) -> Floats:
        return self.total / np.float32(max(self.still, 1e-9))


class LetterDecoder:
    """Scores in time order in, letters out."""

    def __init__(self, point: OperatingPoint) -> None:
        self._point = point
        self.abstentions = 0
        """Settled hand shapes that stayed unsaid because no letter reached its floor."""
        self._evidence: Floats | None = None
        self._pose: _Pose | None = None
        self._brief: list[Emission] = []
        """Poses that wait for what follows."""
        self._said: _Said | None = None
        self._forget()

    def step(self, ts: float, scores: Scores | None) -> list[Emission]:
        """Take what was seen at `ts` (None: no spelling hand); returns the letters that are certain now."""
        if scores is None:
            return self._lose(ts) if ts - self._seen_at > _LONGEST_GAP_SECONDS else []
        if ts - self._seen_at > _LONGEST_GAP_SECONDS or scores.motion.seconds == 0:
            self._evidence = None  # another hand, or the picture was cut: nothing carries over but what was said
        elapsed = ts - self._seen_at if self._evidence is not None else 0.0
        still = _is_still(scores.motion)
        self._gather(ts, scores, elapsed)
        self._follow(ts, scores.motion, elapsed, still=still)
        quick = self._hold(ts, scores, elapsed, still=still)
        return quick or self._settle(ts, scores, elapsed, still=still)

    def _forget(self) -> None:
        self._seen_at = -math.inf
        self._evidence = None
        self._run = _Run(NOTHING, math.inf)
        self._pose = None
        self._brief = []
        self._said = None
        self._doubling = Doubling()

    def _lose(self, ts: float) -> list[Emission]:
        """The hand was taken away, so no J or Z can follow the last pose any more: it was a letter, if it was sure."""
        if self._pose is not None and not self._pose.said:
            self._remember(self._pose, ts)
        said, last = self._said, self._brief[-1:]
        self._forget()
        return [
            replace(emission, decided_at=ts)
            for emission in last
            if said is not None
            and emission.started_at - said.at < _WORD_SECONDS
            and emission.confidence >= self._point.least_evidence(emission.label, spelling=True)
        ]

    def _gather(self, ts: float, scores: Scores, elapsed: float) -> None:
        evidence = scores.probabilities
        if self._evidence is not None:
            changing = 1 + (scores.motion.quick_shape_speed / _CHANGE_SPEED) ** 2
            new = np.float32(1 - math.exp(-elapsed / _EVIDENCE_SECONDS * changing))
            evidence = self._evidence + new * (evidence - self._evidence)
        self._evidence, self._seen_at = evidence, ts
        label = scores.labels[int(evidence.argmax())]
        if label != self._run.label:
            self._run = _Run(label, ts)

    def _follow(self, ts: float, motion: Motion, elapsed: float, *, still: bool) -> None:
        """Note whether the hand has left, or doubled, the letter it said last."""
        said = self._said
        if said is None:
            return
        cut = motion.seconds == 0
        said.rested |= still or cut
        if not said.rested:
            return
        said.moved |= cut or motion.quick_shape_speed >= _MOVED_SHAPE_SPEED or motion.quick_speed >= _MOVED_SPEED
        if cut:
            self._doubling.restart()
        said.doubled |= self._doubling.step(ts, motion, elapsed, still=still) or cut

    def _hold(self, ts: float, scores: Scores, elapsed: float, *, still: bool) -> list[Emission]:
        """Follow the pose of the hand; when it ends unsaid it may be a letter that what follows confirms."""
        pose = self._pose
        if pose is not None and (not still or _is_other(pose, scores)):
            self._pose = None
            if not pose.said:
                self._remember(pose, ts)
        if still:
            self._pose = pose = self._pose or _Pose(ts - elapsed, np.zeros_like(scores.probabilities), scores)
            pose.total = pose.total + np.float32(elapsed) * scores.probabilities
            pose.still += elapsed
            pose.scores = scores
        return self._chain(ts)

    def _remember(self, pose: _Pose, ts: float) -> None:
        """Keep a pose that ended unsaid, where it may be a letter."""
        mean, scores = pose.mean, pose.scores
        label = scores.labels[int(mean.argmax())]
        self._brief = [emission for emission in self._brief if ts - emission.ended_at < _WORD_SECONDS]
        doubtful = pose.still < _QUICK_SECONDS - 1e-6 or mean.max() < _DOUBTFUL_FLOOR
        if doubtful or label == NOTHING or label in MOTION_LETTERS or not self._follows(label, mean, scores):
            return
        if not self._brief or self._brief[-1].label != label:
            self._brief.append(_emission(label, mean, scores, (pose.since, scores.ts), ts))

    def _follows(self, label: str, mean: Floats, scores: Scores) -> bool:
        """Whether a pose is another letter than the last one, and no part of it."""
        said = self._said
        if said is None:
            return True
        if not said.moved or label in _HELD_SHAPES.get(said.label, ()):
            return False
        if label == said.label:
            return said.ended or said.doubled
        return bool(said.ended or mean[scores.labels.index(said.label)] < _LEFT_PROBABILITY)

    def _chain(self, ts: float) -> list[Emission]:
        """The letters of a quick word, each too short for a first letter, together sure enough."""
        chain = self._brief
        if self._said is not None or len(chain) < _CHAIN or self._point.waits(chain[-1].label):
            return []
        if sum(emission.confidence for emission in chain) < _CHAIN_FLOOR * len(chain):
            return []
        self._say(chain[-1].label, ts, gone=True)
        return [replace(emission, decided_at=ts) for emission in chain]

    def _settle(self, ts: float, scores: Scores, elapsed: float, *, still: bool) -> list[Emission]:
        """The best label, once the hand has stood still with it for long enough, with enough evidence."""
        run, evidence = self._run, self._evidence
        assert evidence is not None  # noqa: S101 - _gather has just set it
        self._release(ts, evidence, scores)
        if run.label == NOTHING or not (still or run.label in MOTION_LETTERS):
            return []
        run.still += elapsed
        if run.still < self._patience(run.label, ts) - 1e-6:
            return []
        if evidence.max() < self._point.least_evidence(run.label, spelling=self._said is not None):
            self.abstentions += not run.doubted
            run.doubted = True
            return []
        if not self._may_say(ts, evidence, scores):
            return []
        before = self._confirmed(run.label, ts)
        self._say(run.label, ts, gone=False)
        return [*before, _emission(run.label, evidence, scores, (run.since, ts), ts)]

    def _confirmed(self, label: str, ts: float) -> list[Emission]:
        """The poses before a letter that now turn out to have been letters, and no part of it."""
        brief = [emission for emission in self._brief if ts - emission.ended_at < _WORD_SECONDS]
        if brief and brief[-1].label == label:
            brief.pop()
        onset = _HELD_SHAPES.get(label, frozenset())
        return [replace(emission, decided_at=ts) for emission in brief if emission.label not in onset]

    def _patience(self, label: str, ts: float) -> float:
        """Seconds of stillness asked of a label."""
        said = self._said
        if said is None:
            return max(self._point.settle(label), _FIRST_SECONDS)
        quick = said.moved and label != said.label and ts - said.at < _WORD_SECONDS
        if quick and label not in MOTION_LETTERS and not self._point.waits(label):
            return _QUICK_SECONDS
        return self._point.settle(label)

    def _release(self, ts: float, evidence: Floats, scores: Scores) -> None:
        """The letter said last is over when the hand moved away from it and its evidence went."""
        said = self._said
        if said is None or evidence[scores.labels.index(said.label)] >= _REARM_PROBABILITY:
            return
        if said.label in MOTION_LETTERS:
            said.ended = True
        else:
            away = self._run.label != said.label and ts - self._run.since >= _RELEASE_SECONDS
            said.ended |= away and said.moved

    def _may_say(self, ts: float, evidence: Floats, scores: Scores) -> bool:
        """Hold back what is only the last letter, still held."""
        said, label = self._said, self._run.label
        if said is None:
            return True
        if label in _HELD_SHAPES.get(said.label, ()) and not said.moved:
            return False
        if label == said.label:
            return said.ended or (label not in MOTION_LETTERS and said.doubled)
        left = said.moved and evidence[scores.labels.index(said.label)] < _LEFT_PROBABILITY
        return bool(left) or ts - self._run.since >= _UNMOVED_SETTLE_FACTOR * self._point.settle(label)

    def _say(self, label: str, ts: float, *, gone: bool) -> None:
        """What follows is judged against this letter; `gone`: the hand has left it already."""
        self._said = _Said(label, ts, rested=label not in MOTION_LETTERS, moved=gone)
        self._brief = []
        self._doubling.restart()
        if self._pose is not None and not gone:
            self._pose.said = True


def _emission(label: str, evidence: Floats, scores: Scores, span: tuple[float, float], ts: float) -> Emission:
    best = np.argsort(evidence)[::-1][:4]
    return Emission(
        type="letter",
        label=label,
        confidence=float(evidence[best[0]]),
        alternatives=tuple((scores.labels[index], float(evidence[index])) for index in best),
        started_at=span[0],
        ended_at=span[1],
        decided_at=ts,
        hand=scores.hand,
    )


def _is_still(motion: Motion) -> bool:
    return motion.quick_speed < _STILL_SPEED and motion.quick_shape_speed < _STILL_SHAPE_SPEED


def _is_other(pose: _Pose, scores: Scores) -> bool:
    """The hand surely shows another letter, though its movement was too small to notice."""
    return bool(scores.probabilities[int(pose.total.argmax())] < 0.1 and scores.probabilities.max() >= _CHAIN_FLOOR)
