"""Holds too short or too doubtful to be letters by themselves: what follows confirms or refutes them.

A hold is a stretch in which the hand is still, whatever the model says. Fluent spellers hold a letter for 0.12 s, but
a hand on its way to another letter may pause as long, so a single such hold is nothing yet.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from edge.labels import MOTION_LETTERS, NOTHING
from edge.last_letter import HELD_SHAPES, WAVERING_PROBABILITY, LastLetter
from edge.operating_point import OperatingPoint
from edge.types import ROUNDING_SECONDS, Alternatives, Emission, Floats, Scores

QUICK_HOLD_SECONDS = 0.06
"""Stillness required of a letter that follows another within `WORD_SECONDS`: two frames at 30 fps, one at 15."""
WORD_SECONDS = 1.5
"""A letter, hold or unread hold within this time of the one before belongs to the same word."""
_DOUBTFUL_FLOOR = 0.5
"""Least evidence for holds that need confirmation."""
_CHAIN = 3
"""Consecutive short holds that are the beginning of a quick word."""
_CHAIN_FLOOR = 0.75
"""Their least confidence on average."""
_UNREAD_SECONDS = 0.3
"""A hold in a word that nobody could read lasts at least this long."""
_UNREAD_LAST = 0.1
"""It is less probably the last letter than this."""
_UNREAD_LEAST = 0.05
"""It is at least this probably some letter."""


@dataclass(slots=True)
class _Hold:
    since: float
    total: Floats
    """(labels,): probabilities times seconds."""
    scores: Scores
    """The latest."""
    still: float = 0.0
    said: bool = False

    @property
    def mean(self) -> Floats:
        return self.total / np.float32(max(self.still, 1e-9))


class Holds:
    """The present hold, and the brief ones before it that wait to be confirmed."""

    def __init__(self, point: OperatingPoint) -> None:
        self._point = point
        self._hold: _Hold | None = None
        self._brief: list[Emission] = []
        self._unread: Alternatives = ()
        """The letters most like the last hold that nobody could read."""
        self._unread_at = -math.inf

    def step(self, ts: float, scores: Scores, elapsed: float, said: LastLetter | None, *, still: bool) -> None:
        """Follow the hand's hold; one that ends unsaid may be a letter, to be confirmed by what follows."""
        if self._hold is not None and (not still or _is_other(self._hold, scores)):
            self._end(ts, said)
        if still:
            hold = self._hold = self._hold or _Hold(ts - elapsed, np.zeros_like(scores.probabilities), scores)
            hold.total = hold.total + np.float32(elapsed) * scores.probabilities
            hold.still += elapsed
            hold.scores = scores

    def said(self) -> None:
        """The present hold and those before it were said as letters."""
        self._brief = []
        self._unread = ()
        if self._hold is not None:
            self._hold.said = True

    def chain(self, ts: float) -> list[Emission]:
        """The letters of a quick word: each too short for a first letter, but together sure enough."""
        chain = self._brief
        if len(chain) < _CHAIN or self._point.waits(chain[-1].label):
            return []
        if sum(emission.confidence for emission in chain) < _CHAIN_FLOOR * len(chain):
            return []
        self._brief = []
        return [replace(emission, decided_at=ts) for emission in chain]

    def with_those_before(self, letter: Emission) -> list[Emission]:
        """A letter, after the holds now known to have been letters, or with the one that nobody could read."""
        ts = letter.decided_at
        onset = HELD_SHAPES.get(letter.label, frozenset())
        brief = [emission for emission in self._brief if ts - emission.ended_at < WORD_SECONDS]
        while brief and (brief[-1].label == letter.label or wavers(brief[-1], letter)):
            brief.pop()
        before = [replace(emission, decided_at=ts) for emission in brief if emission.label not in onset]
        of_its_own = {letter.label, *onset}.isdisjoint(dict(self._unread[:2]))
        if not before and of_its_own and ts - self._unread_at < WORD_SECONDS:
            letter = replace(letter, unread=self._unread)
        return [*before, letter]

    def last(self, ts: float, said: LastLetter | None) -> list[Emission]:
        """The hand was taken away, so no J or Z can follow the last hold: if sure, it was a letter."""
        self._end(ts, said)
        return [
            replace(emission, decided_at=ts)
            for emission in self._brief[-1:]
            if said is not None
            and emission.started_at - said.at < WORD_SECONDS
            and emission.confidence >= self._point.least_evidence(emission.label, spelling=True)
        ]

    def _end(self, ts: float, said: LastLetter | None) -> None:
        """Keep a hold that ended unsaid, if it may be a letter."""
        hold, self._hold = self._hold, None
        if hold is None or hold.said:
            return
        mean, scores = hold.mean, hold.scores
        label = scores.labels[int(mean.argmax())]
        if said is not None and (unread := _unread(hold, said)):
            self._unread, self._unread_at = unread, ts
        self._brief = [emission for emission in self._brief if ts - emission.ended_at < WORD_SECONDS]
        doubtful = hold.still < QUICK_HOLD_SECONDS - ROUNDING_SECONDS or mean.max() < _DOUBTFUL_FLOOR
        if doubtful or label in {NOTHING, *MOTION_LETTERS, *self._point.disabled}:
            return
        if said is not None and not said.allows_hold(label, mean, scores.labels):
            return
        if not self._brief or self._brief[-1].label != label:
            self._brief.append(emission_of(label, mean, scores, (hold.since, scores.ts), ts))


def wavers(a: Emission, b: Emission) -> bool:
    """Whether two consecutive readings may be one letter about which the model wavers."""
    nearly = dict(a.alternatives).get(b.label, 0.0), dict(b.alternatives).get(a.label, 0.0)
    return max(nearly) >= WAVERING_PROBABILITY


def emission_of(label: str, evidence: Floats, scores: Scores, span: tuple[float, float], ts: float) -> Emission:
    """A letter seen from `span[0]` to `span[1]`, decided at `ts`, with the four likeliest labels."""
    return Emission(
        type="letter",
        label=label,
        confidence=float(evidence.max()),
        alternatives=_likeliest(evidence, scores.labels),
        started_at=span[0],
        ended_at=span[1],
        decided_at=ts,
        hand=scores.hand,
    )


def _likeliest(evidence: Floats, labels: tuple[str, ...], but: str | None = None) -> Alternatives:
    """The four likeliest labels, `but` one."""
    best = [int(index) for index in np.argsort(evidence)[::-1] if labels[index] != but]
    return tuple((labels[index], float(evidence[index])) for index in best[:4])


def _unread(hold: _Hold, said: LastLetter) -> Alternatives:
    """The letters most like an unsaid hold; none if it was part of the last letter, or no letter."""
    if not said.moved or hold.still < _UNREAD_SECONDS - ROUNDING_SECONDS:
        return ()
    mean, labels = hold.mean, hold.scores.labels
    likeliest = _likeliest(mean, labels, but=NOTHING)
    label, probability = likeliest[0]
    another = mean[labels.index(said.label)] < _UNREAD_LAST and label not in HELD_SHAPES.get(said.label, ())
    return likeliest if another and probability >= _UNREAD_LEAST else ()


def _is_other(hold: _Hold, scores: Scores) -> bool:
    """Whether the hand clearly shows another letter, though it moved too little to notice.

    The leading one is all but ruled out, and another is as sure as the letters of a quick word.
    """
    return bool(scores.probabilities[int(hold.total.argmax())] < 0.1 and scores.probabilities.max() >= _CHAIN_FLOOR)
