"""Windows for training, drawn so that words, and in a word sources and signers, count alike."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.features import palm_length
from edge.letters import NOTHING
from edge.types import Floats
from edge.word_features import BODY, CHANNELS, GRID_STEPS, LEFT, POINTS, RIGHT, Times, on_grid, word_features
from edge.words import active_span
from training.words import recombined, variations
from training.words.config import WordConfig
from training.words.data import CORE, Track, shoulders

INPUT_STEP = 2.0 / 127
"""Features reach from -2 to 2: samples are kept as the int8 numbers that the quantised model will see."""
_GISLR_WEIGHT = 3
"""Fifteen participants in one source count as three recorders."""
_CHUNK = 500
_BACKWARDS, _TRIES = 0.3, 20
"""Part of the signs made of others that are one backwards, and how often to draw until one is unlike what it is of."""
NOISE = "_noise"
"""What random features are said to sign."""


@dataclass(frozen=True, slots=True)
class Samples:
    """What a network is trained on."""

    features: NDArray[np.int8]
    """(N, GRID_STEPS, CHANNELS) in INPUT_STEP."""
    labels: NDArray[np.int64]
    signers: NDArray[np.str_]
    """(N, 2): both signers of a window made of two recordings, else one twice."""
    glosses: NDArray[np.str_]
    """(N, 2): likewise."""

    def inputs(self, rows: NDArray[np.int64] | slice) -> Floats:
        """(R, GRID_STEPS, CHANNELS): the features of some windows, as a network takes them."""
        return np.asarray(self.features[rows] * np.float32(INPUT_STEP), np.float32)

    def without(self, signers: set[str], glosses: set[str]) -> "Samples":
        """What a fold may train on: nothing of these people, none of these glosses, as words or as `nothing`."""
        keep = ~np.isin(self.signers, list(signers)).any(axis=1) & ~np.isin(self.glosses, list(glosses)).any(axis=1)
        return Samples(self.features[keep], self.labels[keep], self.signers[keep], self.glosses[keep])


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
        drawn = [window for window in (draw() for draw in draws) if window is not None]
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
        source = sources[self._rng.integers(len(sources))]
        return source[self._rng.integers(len(source))]

    def _core_word(self) -> _Drawn:
        track = self._pick(self._core)
        return self._window(track, one_handed=self._rng.random() < self._config.augment.one_handed)

    def _other_word(self) -> _Drawn:
        return self._window(self._pick(self._others))

    def _unknown_sign(self) -> _Drawn | None:
        return self._window(self._pick(self._unknown)) if self._unknown else None

    def _idling(self) -> _Drawn | None:
        if not self._idle:
            return None
        return self._window(self._idle[self._rng.integers(len(self._idle))], anywhere=True)

    def _half(self) -> _Drawn | None:
        """The first third of a sign could still become many others."""
        track = self._pick(self._others)
        span = active_span(track.times, track.points)
        if span is None:
            return None
        kept = track.times < span[0] + 0.3 * (span[1] - span[0])
        if kept.sum() < 3:
            return None
        half = Track(
            track.clip,
            track.times[kept],
            track.points[kept],
            track.gloss,
            NOTHING,
            track.signer,
            track.source,
            track.fps_known,
        )
        return self._window(half)

    def _spelled(self) -> _Drawn | None:
        """A spelling hand, put before somebody's shoulder."""
        if not self._spelling:
            return None
        rng = self._rng
        hand = self._spelling[rng.integers(len(self._spelling))]
        person = self._all[rng.integers(len(self._all))]
        middle, width = shoulders(person.points)
        if not np.isfinite(width):
            return None
        points = _standing(person, len(hand.times))
        size = float(np.median(palm_length(hand.points[:, RIGHT])))
        spelled = hand.points[:, RIGHT] - hand.points[:1, RIGHT, :1]
        spelled *= width / 3.6 * np.exp(rng.normal(0, 0.15)) / max(size, 1e-3)
        spelled[..., :2] += middle + width * np.array([rng.uniform(-1.1, 0.1), rng.uniform(-0.3, 0.9)])
        points[:, RIGHT] = spelled
        made = Track(hand.clip, hand.times, points, "_spelled", NOTHING, hand.signer, hand.source, fps_known=True)
        return self._window(made, anywhere=True, beside=person)

    def _gesture(self) -> _Drawn | None:
        """Scratching, pointing, reaching: some hand goes some way."""
        rng = self._rng
        track = self._all[rng.integers(len(self._all))]
        middle, width = shoulders(track.points)
        seen = np.flatnonzero(np.isfinite(track.points[:, RIGHT.start, 0]))
        if not np.isfinite(width) or not len(seen):
            return None
        steps = 40
        points = _standing(track, steps)
        pose = track.points[seen[rng.integers(len(seen))], RIGHT]
        knots = np.stack([rng.uniform(-1.3, 0.6, 5), rng.uniform(-0.9, 1.8, 5)], axis=1)
        knots[0, 1] = rng.uniform(1.3, 2.0)
        at = np.sort(rng.uniform(0, 1, 5))
        when = np.linspace(0, 1, steps)
        path = np.stack([np.interp(when, at, knots[:, axis]) for axis in (0, 1)], axis=1)
        path = np.stack([np.convolve(np.pad(p, 3, mode="edge"), np.ones(7) / 7, "valid") for p in path.T], axis=1)
        points[:, RIGHT] = (pose - pose[:1])[None]
        points[:, RIGHT, :2] += (middle + width * path)[:, None]
        times = np.arange(steps) / 15
        made = Track(track.clip, times, points, "_gesture", NOTHING, track.signer, track.source, fps_known=False)
        return self._window(made, anywhere=True)

    def _recombined(self) -> _Drawn | None:
        """The hands of one sign on the ways of another, or a sign backwards."""
        rng = self._rng
        for _ in range(_TRIES):
            way, shape = (self._all[rng.integers(len(self._all))] for _ in range(2))
            going, shaped = recombined.phases(way), recombined.phases(shape)
            if going is None or shaped is None or way.gloss == shape.gloss:
                continue
            back = rng.random() < _BACKWARDS
            points = recombined.backwards(going) if back else recombined.on_the_way_of(going, shaped)
            if points is not None:
                times = np.arange(len(points)) * way.seconds / len(points)
                made = Track(way.clip, times, points, way.gloss, NOTHING, way.signer, way.source, fps_known=False)
                return self._window(made, beside=None if back else shape)
        return None

    def _empty(self) -> _Drawn:
        """Nobody's hands, or nobody."""
        track = self._all[self._rng.integers(len(self._all))]
        points = track.points.copy()
        points[:, :42] = np.nan
        made = Track(track.clip, track.times, points, "_empty", NOTHING, track.signer, track.source, track.fps_known)
        return self._window(made, anywhere=True)

    def _noise(self) -> _Drawn:
        """A window that means nothing; its features are drawn when all others are worked out."""
        return _Drawn(np.full((GRID_STEPS, POINTS, 3), np.nan, np.float32), NOTHING, (NOISE, NOISE), (NOISE, NOISE))

    def _random_features(self) -> Floats:
        """(GRID_STEPS, CHANNELS) of any strength."""
        rng = self._rng
        steps = GRID_STEPS if rng.random() < 0.7 else 1
        drawn = rng.uniform(-1, 1, (steps, CHANNELS)) if rng.random() < 0.5 else rng.standard_normal((steps, CHANNELS))
        drawn = np.broadcast_to(np.exp(rng.uniform(np.log(0.1), np.log(2.0))) * drawn, (GRID_STEPS, CHANNELS))
        return np.asarray(np.clip(drawn, -2.0, 2.0), np.float32)

    def _window(
        self, track: Track, *, anywhere: bool = False, one_handed: bool = False, beside: Track | None = None
    ) -> _Drawn:
        """`beside`: another recording that is in it."""
        rng, config = self._rng, self._config.augment
        times = variations.retimed(track.times, track.fps_known, config, rng)
        points = _without_other_hand(track.points) if one_handed else track.points
        start, end = self._span(times, points, anywhere=anywhere)
        times, points = variations.thinned(times, points, config, rng)
        points = variations.lost(times, points, config, rng)
        grid = on_grid(times, points, start, end)
        other = beside or track
        return _Drawn(grid, track.label, (track.signer, other.signer), (track.gloss, other.gloss))

    def _span(self, times: Times, points: Floats, *, anywhere: bool) -> tuple[float, float]:
        """About where the hands are up, or any part of the recording."""
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
    """Label to its sources' recordings; large sources of many signers stand in for several."""
    table: dict[str, dict[str, list[Track]]] = defaultdict(lambda: defaultdict(list))
    for track in tracks:
        table[track.gloss if by_gloss else track.label][track.source].append(track)
    return {
        label: [own for source, own in sources.items() for _ in range(_GISLR_WEIGHT if source == "gislr" else 1)]
        for label, sources in table.items()
    }


def _standing(person: Track, count: int) -> Floats:
    """Somebody's body without hands, for so many frames."""
    points = np.full((count, POINTS, 3), np.nan, np.float32)
    points[:, BODY] = person.points[np.minimum(np.arange(count), len(person.points) - 1), BODY]
    return points


def _without_other_hand(points: Floats) -> Floats:
    """Only the hand that is seen more, else the right one, stays."""
    left, right = (np.isfinite(points[:, part.start, 0]).sum() for part in (LEFT, RIGHT))
    points = points.copy()
    points[:, RIGHT if left > right else LEFT] = np.nan
    return points
