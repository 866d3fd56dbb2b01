"""From landmarks to words, live: what the segmenter takes for a sign is read, and said once if it is sure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from edge.bundle import Bundle
from edge.labels import NOTHING
from edge.prototypes import NO_SIGNS, Prototypes
from edge.segmenter import Segmenter, Span, is_readable
from edge.types import SIDES, Emission, Floats, Landmarks, Side
from edge.word_features import LEFT, RIGHT, frame_points
from edge.words import WordModel, span_features


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the network says of a span."""

    start: float
    probabilities: Floats
    """(labels,): active words and `nothing`."""
    embedding: Floats


_Found = tuple[str, float, _Reading]
"""Label, confidence, and where it was found."""


class WordReader:
    """One signer's stream of landmarks to words."""

    def __init__(self, bundle: Bundle, active: Collection[str] | None = None, taught: Prototypes = NO_SIGNS) -> None:
        """`active`: the words that may be said; by default all taught and all that are not shipped disabled."""
        self.bundle = bundle
        self._taught = taught if active is None else taught.only(active)
        self._model = WordModel(bundle)
        point = bundle.operating_point
        allowed = set(bundle.labels) - set(point.get("disabled", ())) if active is None else {*active, NOTHING}
        allowed -= set(self._taught.glosses)  # shipped disabled, taught here
        self._mask = np.array([label in allowed for label in bundle.labels], np.float32)
        self._floors = {label: float(point.get("floors", {}).get(label, point["floor"])) for label in bundle.labels}
        self.abstentions = 0
        """Spans left without a word because the model was not sure."""
        self._segmenter = Segmenter()
        self._said: tuple[str, int] | None = None
        """The last word, and the utterance it was said in: holding it longer says nothing new."""

    def reset(self) -> None:
        """Forget the past: another recording follows."""
        self._segmenter.reset()
        self._said = None
        self.abstentions = 0

    def continue_from(self, before: Self) -> None:
        """At a reload, take over the sign in progress and the last one said, if the bundle is the same."""
        if before.bundle.manifest == self.bundle.manifest:
            self._segmenter, self._said = before._segmenter, before._said

    @property
    def hands_up_since(self) -> float:
        """Since when, in seconds, the hands have not been down for long, whatever was said meanwhile."""
        return self._segmenter.hands_up_since

    def step(self, landmarks: Landmarks) -> list[Emission]:
        """Take one frame; returns at most one word."""
        return self._decide(self._segmenter.step(landmarks.ts, frame_points(landmarks)), landmarks.ts)

    def finish(self, ts: float) -> list[Emission]:
        """The source ended, and with it what was being signed."""
        return self._decide(self._segmenter.finish(ts), ts)

    def _decide(self, span: Span | None, ts: float) -> list[Emission]:
        """Read a span; what is sure enough is said, unless it is just the last word going on."""
        if span is None or not (readings := self._readings(span)):
            return []
        candidates = [found for found in (self._word(readings), self._taught_sign(readings)) if found is not None]
        if not candidates:
            self.abstentions += span.final
            return []
        label, confidence, reading = max(candidates, key=lambda found: found[1])
        if self._said == (label, span.utterance):
            return []
        self._said = label, span.utterance
        self._segmenter.said(ts)
        return [self._emission(label, confidence, reading, span.end, ts)]

    def _word(self, readings: Sequence[_Reading]) -> _Found | None:
        """The bundle's word in the surest reading, if it reaches its floor."""
        surest = max(readings, key=lambda reading: float(reading.probabilities.max()))
        label = self._model.labels[int(surest.probabilities.argmax())]
        confidence = float(surest.probabilities.max())
        return None if label == NOTHING or confidence < self._floors[label] else (label, confidence, surest)

    def _taught_sign(self, readings: Sequence[_Reading]) -> _Found | None:
        """The taught sign nearest to a reading, if near enough."""
        found = [(*nearest, reading) for reading in readings if (nearest := self._taught.nearest(reading.embedding))]
        return max(found, key=lambda each: each[1], default=None)

    def _readings(self, span: Span) -> list[_Reading]:
        """What the network says of the span, for each possible start; nothing if none is readable."""
        times, points = self._segmenter.times, self._segmenter.points
        starts = [start for start in span.starts if is_readable(times, points, start, span.end)]
        if not starts:
            return []
        windows = span_features(times, points, np.array(starts), span.end)
        return [self._reading(start, cuts) for start, cuts in zip(starts, windows, strict=True)]

    def _reading(self, start: float, cuts: Floats) -> _Reading:
        probabilities, embedding = self._model.mean(cuts)
        active = probabilities * self._mask
        return _Reading(start, np.asarray(active / max(float(active.sum()), 1e-9), np.float32), embedding)

    def _emission(self, label: str, confidence: float, reading: _Reading, end: float, ts: float) -> Emission:
        labels = self._model.labels
        words = [(labels[int(k)], float(reading.probabilities[k])) for k in np.argsort(reading.probabilities)[::-1][:4]]
        return Emission(
            type="word",
            label=label,
            confidence=confidence,
            alternatives=tuple(words if words[0][0] == label else [(label, confidence), *words[:3]]),
            started_at=reading.start,
            ended_at=end,
            decided_at=ts,
            hand=self._leading(reading.start),
        )

    def _leading(self, start: float) -> Side:
        """The hand that was seen more since `start`."""
        points = self._segmenter.points[self._segmenter.times >= start]
        seen = [int(np.isfinite(points[:, part.start, 0]).sum()) for part in (LEFT, RIGHT)]
        return SIDES[int(seen[1] >= seen[0])]
