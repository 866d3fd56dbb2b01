"""From probabilities to letters: one letter when a hand settles, once however long it is held, nothing when unsure.

Driven only by the scores' time stamps, so a replay at any speed gives what the live run gave. Speeds and lengths are
in palm widths of the signer, measured over 0.07 s or two frames.

The first letter must be held still for a while, since most hands that come up do not spell. Once a word has begun, a
letter is said as soon as the hand is still with it: fluent spellers hold one for 0.12 s. A hold too short or too
doubtful to be said by itself waits for what follows, which confirms it, or shows that a J or Z began with it
(`edge.holds`).
"""

import math
from dataclasses import dataclass

import numpy as np

from edge.doubling import Doubling
from edge.holds import QUICK_HOLD_SECONDS, WORD_SECONDS, Holds, emission_of
from edge.labels import MOTION_LETTERS, NOTHING
from edge.last_letter import HELD_SHAPES, LastLetter
from edge.operating_point import OperatingPoint
from edge.types import ROUNDING_SECONDS, Emission, Floats, Motion, Scores
from edge.windows import LOST_SECONDS

_EVIDENCE_SECONDS = 0.1
"""Time constant of the smoothing for a hand at rest."""
_CHANGE_SPEED = 2.0
"""Speed of the fingers at which it is half as long."""
_AWAY_SECONDS = 0.31
"""A hand missing for this long was taken away, so the next letter may be the same again. Two consecutive frames lost
at 10 a second, or three at 15, are no reason to say a held letter twice."""
_STILL_SPEED, _STILL_SHAPE_SPEED = 2.5, 1.7
"""A slower hand is settled. Held letters stay under 1 and 0.5, landmark noise reaches 1.3 at 30 fps; changes of letter
reach 1.7 (M to A, at one letter a second) to 19."""
_UNCLEAR_SECONDS = 0.5
"""Unless the hand clearly left the last letter, the next must be held this long: usually only the model wavers."""
_SETTLED_SECONDS = 0.25
"""In a word a hand that was still this long shows a letter, even if the likeliest is below its floor. Without this 2.7
of 100 letters of unseen spellers were missed, and lexicon and reader mend a wrong letter as easily."""
_SETTLED_MEAN = 0.4
"""Least mean probability of that letter."""
_SETTLED_LEAD = 1.5
"""It must be this many times as probable as the next on average."""
_DRAWN_SHARE = 0.8
"""A hand held in the shape in which a J or Z ends has drawn it, if the J or Z had this share of its least evidence and
no other letter came between. Of 50 J of an unseen signer 46 are said instead of 42; of 2,640 other letters of two
signers one more is taken for a J."""
_STROKE_SECONDS = 0.1
"""Time for which it must have been the likeliest."""
_DRAWN_SECONDS = 1.0
"""Greatest time since then."""
_SPELLING_SECONDS = 4.0
"""A letter below its floor is said only this long after the last: slow spellers hold one for 2.5 s, a hand that stays
up longer does not spell."""
_LATE_FRAMES = 2
"""Frames after a reload: the first may have been taken before it, the next one is late."""
_RELOAD_SECONDS = 10.0
"""A hand unseen for this long is no longer held; loading takes less than a second, more on a slow card."""
_FIRST_SECONDS = 0.25
"""Stillness required of a first letter: idle hands say half as many as with 0.2."""


@dataclass(slots=True)
class _Run:
    """A stretch in which one label is the best."""

    label: str
    since: float
    still: float = 0.0
    """Seconds of it in which the hand was still."""
    total: Floats | None = None
    """(labels,): probabilities times these seconds."""
    doubted: bool = False

    def stand(self, scores: Scores, elapsed: float) -> None:
        self.still += elapsed
        new = np.float32(elapsed) * scores.probabilities
        self.total = new if self.total is None else self.total + new

    def leads(self, labels: tuple[str, ...]) -> bool:
        """Whether the label is ahead on average."""
        if self.total is None or self.still <= 0:
            return False
        second, first = np.partition(self.total / np.float32(self.still), -2)[-2:].tolist()
        ahead = labels[int(self.total.argmax())] == self.label
        return ahead and first >= max(_SETTLED_MEAN, _SETTLED_LEAD * second)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A J or Z that was likely from `since` to `at`, with the `evidence` at that time."""

    label: str
    since: float
    at: float
    evidence: Floats

    def ends_with(self, label: str) -> bool:
        """Whether a hand that shows `label` may just have drawn it."""
        return label in HELD_SHAPES[self.label]

    def goes_on(self, label: str) -> bool:
        """Whether `label` is this letter or a shape that it ends in."""
        return label == self.label or self.ends_with(label)


class LetterDecoder:
    """Scores in time order in, letters out."""

    def __init__(self, point: OperatingPoint) -> None:
        self._point = point
        self.abstentions = 0
        """Settled hand shapes left unsaid because no letter reached its floor."""
        self._late_frames = 0
        """How many of the next frames may follow a time in which nobody looked."""
        self._forget()

    def _forget(self) -> None:
        self._seen_at = -math.inf
        self._evidence: Floats | None = None
        self._run = _Run(NOTHING, math.inf)
        self._holds = Holds(self._point)
        self._said: LastLetter | None = None
        self._doubling = Doubling()
        self._drawn: _Drawn | None = None
        """The J or Z drawn last, while unsaid."""

    def resume(self) -> None:
        """Nobody looked during the reload: a hand that is still up was missed, not taken away."""
        self.abstentions = 0
        self._late_frames = _LATE_FRAMES

    def step(self, ts: float, scores: Scores | None) -> list[Emission]:
        """Take what was seen at `ts` (None: no spelling hand); returns the letters that are now certain."""
        missed = ts - self._seen_at >= LOST_SECONDS
        if self._late_frames and ts - self._seen_at < _RELOAD_SECONDS:
            self._seen_at = max(self._seen_at, ts - LOST_SECONDS)
        self._late_frames = max(0, self._late_frames - 1)
        away = ts - self._seen_at >= _AWAY_SECONDS
        if scores is None:
            return self._lose(ts) if away else []
        if away:
            self._forget()  # no picture came meanwhile
        if scores.motion.seconds == 0:
            self._evidence = self._drawn = None  # another hand, or the picture was cut, or the hand was missed
            if not missed:
                self._run = _Run(NOTHING, math.inf)  # how long another hand was still says nothing about this one
        elapsed = ts - self._seen_at if self._evidence is not None else 0.0
        still = _is_still(scores.motion)
        evidence = self._evidence = self._gather(ts, scores, elapsed)
        if self._said is not None:
            self._said.follow(ts, scores.motion, elapsed, still=still, missed=missed)
        self._holds.step(ts, scores, elapsed, self._said, still=still)
        quick = self._holds.chain(ts) if self._said is None else []
        if quick:
            self._said = LastLetter(quick[-1].label, ts, dict(quick[-1].alternatives), self._doubling, moved=True)
            self._drawn = None
            return quick
        return self._settle(ts, scores, evidence, elapsed, still=still)

    def _lose(self, ts: float) -> list[Emission]:
        """The hand was taken away."""
        last = self._holds.last(ts, self._said)
        self._forget()
        return last

    def _gather(self, ts: float, scores: Scores, elapsed: float) -> Floats:
        """Smooth the probabilities, and track how long the best label has been the best."""
        evidence = scores.probabilities
        if self._evidence is not None:
            changing = 1 + (scores.motion.quick_shape_speed / _CHANGE_SPEED) ** 2
            new = np.float32(1 - math.exp(-elapsed / _EVIDENCE_SECONDS * changing))
            evidence = self._evidence + new * (evidence - self._evidence)
        self._seen_at = ts
        label = scores.labels[int(evidence.argmax())]
        if label != self._run.label:
            self._run = _Run(label, ts)
        if label in MOTION_LETTERS:
            self._draw(label, ts, evidence)
        return evidence

    def _draw(self, label: str, ts: float, evidence: Floats) -> None:
        """Remember a J or Z that is being drawn, unless it was already said."""
        said = self._said is not None and self._said.label == label and not self._said.ended
        least = _DRAWN_SHARE * self._point.least_evidence(label, spelling=self._said is not None)
        if not said and evidence.max() >= least and ts - self._run.since >= _STROKE_SECONDS - ROUNDING_SECONDS:
            self._drawn = _Drawn(label, self._run.since, ts, evidence)

    def _settle(self, ts: float, scores: Scores, evidence: Floats, elapsed: float, *, still: bool) -> list[Emission]:
        """The best label, once the hand has been still with it for long enough, with enough evidence."""
        run, said = self._run, self._said
        last = 0.0 if said is None else float(evidence[scores.labels.index(said.label)])
        if said is not None:
            said.release(last, ts - run.since if run.label != said.label else 0.0)
        if run.label == NOTHING or not (still or run.label in MOTION_LETTERS):
            return []
        run.stand(scores, elapsed)
        another = self._drawn is not None and not self._drawn.goes_on(run.label)
        if another and run.still >= QUICK_HOLD_SECONDS - ROUNDING_SECONDS:
            self._drawn = None
        if run.still < self._patience(run.label, ts) - ROUNDING_SECONDS:
            return []
        sure = evidence.max() >= self._point.least_evidence(run.label, spelling=said is not None)
        if not sure and not self._settled(ts, scores.labels):
            self.abstentions += not run.doubted
            run.doubted = True
            return []
        if said is not None and not self._may_follow(said, last, ts):
            return []
        label, since = run.label, run.since
        if self._drawn is not None and self._drawn.ends_with(label) and ts - self._drawn.at < _DRAWN_SECONDS:
            label, since, evidence = self._drawn.label, self._drawn.since, self._drawn.evidence
        since = since if said is None else max(since, said.at)
        letter = emission_of(label, evidence, scores, (since, ts), ts)
        letters = self._holds.with_those_before(letter)
        self._said = LastLetter(label, ts, dict(letter.alternatives), self._doubling)
        self._holds.said()
        self._drawn = None
        return letters

    def _settled(self, ts: float, labels: tuple[str, ...]) -> bool:
        """Whether the hand, within a word, has held a letter for long, however doubtful."""
        run, said = self._run, self._said
        if said is None or ts - said.at > _SPELLING_SECONDS or run.label in {*MOTION_LETTERS, *self._point.disabled}:
            return False
        return run.still >= _SETTLED_SECONDS - ROUNDING_SECONDS and run.leads(labels)

    def _patience(self, label: str, ts: float) -> float:
        """Seconds of stillness required of a label."""
        said = self._said
        if said is None:
            return max(self._point.settle(label), _FIRST_SECONDS)
        quick = said.moved and label != said.label and ts - said.at < WORD_SECONDS
        if quick and label not in MOTION_LETTERS and not self._point.waits(label):
            return QUICK_HOLD_SECONDS
        return self._point.settle(label)

    def _may_follow(self, said: LastLetter, last: float, ts: float) -> bool:
        """False for what is only the last letter, still held; `last` is its evidence."""
        label = self._run.label
        if said.holds(label):
            return False
        if label == said.label:
            return said.again()
        return said.left(label, last) or (ts - self._run.since >= _UNCLEAR_SECONDS and said.may_be_over(label, last))


def _is_still(motion: Motion) -> bool:
    return motion.quick_speed < _STILL_SPEED and motion.quick_shape_speed < _STILL_SHAPE_SPEED
