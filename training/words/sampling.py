"""Windows for training, drawn so that words count alike, and within a word sources and signers."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edge.labels import NOTHING
from edge.types import Floats, Times
from edge.word_features import CHANNELS, LEFT, POINTS, RIGHT, WORD_GRID_STEPS, on_grid, word_features
from edge.words import active_span
from training.words import cutting, synthetic_negatives, variations
from training.words.config import WordConfig
from training.words.data import CORE, Track
from training.words.samples import INPUT_STEP, Samples

_GISLR_WEIGHT = 3
"""Fifteen participants in one source count as three recorders."""
_CHUNK = 500
NOISE = "_noise"
"""The gloss of random features."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """One window before it is varied in space."""

    grid: Floats
    label: str
    signers: tuple[str, str]
    glosses: tuple[str, str]


class Sampler:
    """Draws rounds of samples."""

    def __init__(
        self, tracks: list[Track], spelling: list[Track], labels: tuple[str, ...], config: WordConfig, seed: int
    ) -> None:
        self._labels, self._config = labels, config
        self._rng = np.random.default_rng((config.seed, seed))
        known = [track for track in tracks if track.label != NOTHING]
        others = [track for track in tracks if track.label == NOTHING]
        self._core = _by_label([track for track in known if track.label in CORE])
        self._others = _by_label([track for track in known if track.label not in CORE])
        self._unknown = _by_label([t for t in others if t.gloss != "_idle"], by_gloss=True)
        self._idle = [track for track in others if track.gloss == "_idle"]
        self._spelling = spelling
        self._all = tracks

    def samples(self, count: int) -> Samples:
        shares = self._config.shares
        draws = {
            self._core_word: shares.core,
            self._other_word: shares.others,
            self._unknown_sign: shares.unknown,
            self._idling: shares.idle,
            self._half: shares.halves,
            self._spelled: shares.spelling,
            self._gesture: shares.gestures,
            self._recombined: shares.recombined,
            self._empty: shares.empty,
            self._noise: shares.noise,
        }
        kinds = list(draws)
        weights = np.array(list(draws.values()))
        picked = self._rng.choice(len(kinds), count, p=weights / weights.sum())
        parts = [self._chunk([kinds[k] for k in picked[i : i + _CHUNK]]) for i in range(0, count, _CHUNK)]
        return Samples(
            np.concatenate([part.features for part in parts]),
            np.concatenate([part.labels for part in parts]),
            np.concatenate([part.signers for part in parts]),
            np.concatenate([part.glosses for part in parts]),
        )

    def _chunk(self, draws: list[Callable[[], _Drawn | None]]) -> Samples:
        # Only noise where the recordings have nothing of what was to be drawn.
        drawn = [window for window in (draw() for draw in draws) if window is not None] or [self._noise()]
        grids = variations.moved(np.stack([d.grid for d in drawn]), self._config.augment, self._rng)
        features = word_features(grids)
        for row, window in enumerate(drawn):
            if window.glosses[0] == NOISE:
                features[row] = self._random_features()
        features = np.rint(features / INPUT_STEP).astype(np.int8)
        return Samples(
            features,
            np.array([self._labels.index(d.label) for d in drawn]),
            np.array([d.signers for d in drawn]),
            np.array([d.glosses for d in drawn]),
        )

    def _pick(self, groups: dict[str, list[list[Track]]]) -> Track:
        names = list(groups)
        sources = groups[names[self._rng.integers(len(names))]]
        return self._any(sources[self._rng.integers(len(sources))])

    def _any(self, tracks: list[Track]) -> Track:
        return tracks[self._rng.integers(len(tracks))]

    def _core_word(self) -> _Drawn | None:
        if not self._core:
            return None
        track = self._pick(self._core)
        return self._window(track, one_handed=self._rng.random() < self._config.augment.one_handed)

    def _other_word(self) -> _Drawn | None:
        return self._window(self._pick(self._others)) if self._others else None

    def _unknown_sign(self) -> _Drawn | None:
        return self._window(self._pick(self._unknown)) if self._unknown else None

    def _idling(self) -> _Drawn | None:
        return self._window(self._any(self._idle), anywhere=True) if self._idle else None

    def _half(self) -> _Drawn | None:
        half = synthetic_negatives.half(self._pick(self._others)) if self._others else None
        return self._window(half) if half else None

    def _spelled(self) -> _Drawn | None:
        if not self._spelling:
            return None
        hand, person = self._any(self._spelling), self._any(self._all)
        spelled = synthetic_negatives.spelled(hand, person, self._rng)
        return self._window(spelled, anywhere=True, beside=person) if spelled else None

    def _gesture(self) -> _Drawn | None:
        person = self._any(self._all)
        gesture = synthetic_negatives.gesture(person, self._rng)
        return self._window(gesture, anywhere=True, beside=person) if gesture else None

    def _recombined(self) -> _Drawn | None:
        made = synthetic_negatives.recombination(self._all, self._rng)
        return self._window(made[0], beside=made[1]) if made else None

    def _empty(self) -> _Drawn:
        person = self._any(self._all)
        return self._window(synthetic_negatives.empty(person), anywhere=True, beside=person)

    def _noise(self) -> _Drawn:
        """A window that means nothing; its features are drawn once all others are computed."""
        return _Drawn(
            np.full((WORD_GRID_STEPS, POINTS, 3), np.nan, np.float32), NOTHING, (NOISE, NOISE), (NOISE, NOISE)
        )

    def _random_features(self) -> Floats:
        """(WORD_GRID_STEPS, CHANNELS) of any strength."""
        rng = self._rng
        steps = WORD_GRID_STEPS if rng.random() < 0.7 else 1
        drawn = rng.uniform(-1, 1, (steps, CHANNELS)) if rng.random() < 0.5 else rng.standard_normal((steps, CHANNELS))
        drawn = np.broadcast_to(np.exp(rng.uniform(np.log(0.1), np.log(2.0))) * drawn, (WORD_GRID_STEPS, CHANNELS))
        return np.asarray(np.clip(drawn, -2.0, 2.0), np.float32)

    def _window(
        self, track: Track, *, anywhere: bool = False, one_handed: bool = False, beside: Track | None = None
    ) -> _Drawn:
        """`beside`: another recording contained in it."""
        rng, config = self._rng, self._config.augment
        times = variations.retimed(track.times, track.fps_known, config, rng)
        points = _without_other_hand(track.points) if one_handed else track.points
        start, end = self._span(times, points, anywhere=anywhere)
        times, points = variations.thinned(times, points, config, rng)
        points = variations.lost(times, points, config, rng)
        if rng.random() < config.cut and (part := cutting.cut(times, points, rng, whole=track.label != NOTHING)):
            early, late = rng.normal(0, config.ends / 2, 2) * (part.end - part.start)
            times, points, start, end = part.times, part.points, part.start + early, part.end + late
        grid = on_grid(times, points, start, end)
        other = beside or track
        return _Drawn(grid, track.label, (track.signer, other.signer), (track.gloss, other.gloss))

    def _span(self, times: Times, points: Floats, *, anywhere: bool) -> tuple[float, float]:
        """About from where to where the hands are up, or any part of the recording."""
        rng = self._rng
        start, end = active_span(times, points) or (float(times[0]), float(times[-1]))
        length = end - start
        if anywhere and rng.random() < 0.7:
            share = rng.uniform(0.3, 1.0)
            start += rng.uniform(0, 1 - share) * length
            return start, start + share * length
        early, late = rng.normal(0, self._config.augment.ends, 2)
        return start + early * length, end + late * length


def _by_label(tracks: list[Track], *, by_gloss: bool = False) -> dict[str, list[list[Track]]]:
    """Each label's recordings by source; large sources of many signers count as several."""
    table: dict[str, dict[str, list[Track]]] = defaultdict(lambda: defaultdict(list))
    for track in tracks:
        table[track.gloss if by_gloss else track.label][track.source].append(track)
    return {
        label: [own for source, own in sources.items() for _ in range(_GISLR_WEIGHT if source == "gislr" else 1)]
        for label, sources in table.items()
    }


def _without_other_hand(points: Floats) -> Floats:
    """Keep only the hand that is seen more; if equal, the right one."""
    left, right = (np.isfinite(points[:, part.start, 0]).sum() for part in (LEFT, RIGHT))
    points = points.copy()
    points[:, RIGHT if left > right else LEFT] = np.nan
    return points
