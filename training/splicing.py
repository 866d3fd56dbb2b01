"""Spelled words from isolated letters: one signer's consecutive frames, hard cuts between letters, slides for doubles.

Stills stand in for a recording only where they were taken one after another. Some folders hold several recordings or
people, or pictures with long gaps between them: only runs without a jump are used.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edge.features import canonical, palm_centre, palm_width
from edge.labels import MOTION_LETTERS
from edge.landmark_store import UNKNOWN_BRIGHTNESS
from edge.types import SIDES, Floats, Landmarks, Side
from training.store import Clip

_SLIDE_SECONDS = 0.2
_SLIDE_WIDTHS = 0.12
"""A doubled letter has the same frames again, moved sideways by this share of the picture."""
_AWAY_SECONDS = 0.5
"""No hand in the picture after the word: what is pending in the decoder must not come out."""
_PICTURES_A_SECOND = 15
"""Assumed rate of the recording: the spelled clips of `../shared` show each picture twice at 30 fps. At lower frame
rates some are left out, so the hand moves as fast."""
_LEAST_RUN = 12
"""Consecutive pictures that make a held letter, played back and forth."""
_JUMP_PALM_WIDTHS = 0.25
"""Greatest change of palm or shape between neighbouring pictures of a held letter at 30 fps: they differ by 0.02 to
0.05 (median) in folders recorded in one go, by 0.4 to 1 in those in any order."""


@dataclass(frozen=True, slots=True)
class Spelled:
    """One word by one signer."""

    word: str
    frames: list[Landmarks]
    spans: list[tuple[str, float, float]]
    """Letter, start, end in seconds."""


class Speller:
    """One signer's letters, ready to be spliced."""

    def __init__(self, clips: Sequence[Clip], seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._size = (clips[0].width, clips[0].height)
        frames: dict[str, list[Floats]] = defaultdict(list)
        for clip in clips:
            if clip.still and (clip.width, clip.height) == self._size:
                frames[clip.label].append(clip.hands[0])
        self._runs = {label: list(_runs(hands, self._size)) for label, hands in frames.items()}

    def can(self, word: str) -> bool:
        return all(letter not in MOTION_LETTERS and self._runs.get(letter) for letter in word)

    def spell(self, word: str, hold_seconds: float, fps: float) -> Spelled:
        frames: list[Landmarks] = []
        spans = []
        shift = 0.0
        held: list[Floats] = []
        for index, letter in enumerate(word):
            double = index > 0 and word[index - 1] == letter
            start = len(frames) / fps
            held = held if double else list(self._hold(letter, round(hold_seconds * fps), fps))
            for step, hands in enumerate(held):
                slid = _SLIDE_WIDTHS * min(1.0, (step + 1) / (_SLIDE_SECONDS * fps)) if double else 0.0
                frames.append(self._landmarks(hands, shift + slid, len(frames) / fps))
            shift = shift + _SLIDE_WIDTHS if double else 0.0
            spans.append((letter, start, len(frames) / fps))
        nobody = np.full((2, 21, 3), np.nan, np.float32)
        for _ in range(round(_AWAY_SECONDS * fps)):
            frames.append(self._landmarks(nobody, 0.0, len(frames) / fps))
        return Spelled(word, frames, spans)

    def _hold(self, letter: str, count: int, fps: float) -> Iterator[Floats]:
        """Consecutive frames from a random place, back and forth if too few."""
        runs = self._runs[letter]
        run = runs[int(self._rng.choice(len(runs), p=_shares(runs)))]
        needed = round(count * _PICTURES_A_SECOND / fps)
        first = int(self._rng.integers(0, max(1, len(run) - needed)))
        run = run[first : first + needed]
        there_and_back = [*run, *run[-2:0:-1]]
        for step in range(count):
            yield there_and_back[int(step * _PICTURES_A_SECOND / fps + 1e-6) % len(there_and_back)]

    def _landmarks(self, hands: Floats, shift: float, ts: float) -> Landmarks:
        moved = hands + np.array([shift, 0, 0], np.float32)
        presence = np.isfinite(hands[:, 0, 0]).astype(np.float32)
        nobody = np.full((33, 4), np.nan, np.float32)
        return Landmarks(ts, *self._size, moved, presence, nobody, UNKNOWN_BRIGHTNESS)


def _runs(pictures: Sequence[Floats], size: tuple[int, int]) -> Iterator[list[Floats]]:
    """Runs of pictures, (2, 21, 3) hands, that follow each other like frames of one recording."""
    run: list[Floats] = []
    before: tuple[Side, Floats] | None = None
    for hands in pictures:
        now = _only_hand(hands, size)
        if before is not None and (now is None or now[0] != before[0] or _jumps(before[1], now[1])):
            if len(run) >= _LEAST_RUN:
                yield run
            run = []
        if now is not None:
            run.append(hands)
        before = now
    if len(run) >= _LEAST_RUN:
        yield run


def _only_hand(hands: Floats, size: tuple[int, int]) -> tuple[Side, Floats] | None:
    seen = [
        (side, canonical(hand, *size, side)) for side, hand in zip(SIDES, hands, strict=True) if np.isfinite(hand).all()
    ]
    return seen[0] if len(seen) == 1 else None


def _jumps(before: Floats, now: Floats) -> bool:
    width = float(palm_width(before))
    moved = (now - before)[:, :2]
    palm = palm_centre(now)[:2] - palm_centre(before)[:2]
    shape = np.linalg.norm(moved - palm, axis=1).mean()
    return float(max(np.linalg.norm(palm), shape)) > _JUMP_PALM_WIDTHS * width


def _shares(runs: Sequence[Sequence[Floats]]) -> list[float]:
    """Probability of each run, so that all pictures have the same."""
    total = sum(len(run) for run in runs)
    return [len(run) / total for run in runs]
