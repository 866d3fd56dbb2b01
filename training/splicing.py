"""Spelled words from isolated letters: one signer's consecutive frames, hard cuts between letters, slides for doubles.

Still pictures stand in for a recording only where a source took them one after the other, as most did.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edge.letters import MOTION_LETTERS
from edge.types import Floats, Landmarks
from training.store import Clip

_SLIDE_SECONDS = 0.2
_SLIDE_WIDTHS = 0.12
"""A doubled letter is the same frames again, moved sideways by this share of the picture."""
_AWAY_SECONDS = 0.5
"""No hand in the picture after the word: what hangs in the decoder must not come out."""
_LEAST_STILLS = 12


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
        self._frames: dict[str, list[Floats]] = defaultdict(list)
        self._size = (clips[0].width, clips[0].height)
        for clip in clips:
            if clip.still and (clip.width, clip.height) == self._size:
                self._frames[clip.label].append(clip.hands[0])

    def can(self, word: str) -> bool:
        return all(letter not in MOTION_LETTERS and len(self._frames[letter]) >= _LEAST_STILLS for letter in word)

    def spell(self, word: str, hold_seconds: float, fps: float) -> Spelled:
        frames: list[Landmarks] = []
        spans = []
        shift = 0.0
        held: list[Floats] = []
        for index, letter in enumerate(word):
            double = index > 0 and word[index - 1] == letter
            start = len(frames) / fps
            held = held if double else list(self._hold(letter, round(hold_seconds * fps)))
            for step, hands in enumerate(held):
                slid = _SLIDE_WIDTHS * min(1.0, (step + 1) / (_SLIDE_SECONDS * fps)) if double else 0.0
                frames.append(self._landmarks(hands, shift + slid, len(frames) / fps))
            shift = shift + _SLIDE_WIDTHS if double else 0.0
            spans.append((letter, start, len(frames) / fps))
        nobody = np.full((2, 21, 3), np.nan, np.float32)
        for _ in range(round(_AWAY_SECONDS * fps)):
            frames.append(self._landmarks(nobody, 0.0, len(frames) / fps))
        return Spelled(word, frames, spans)

    def _hold(self, letter: str, count: int) -> Iterator[Floats]:
        """Consecutive frames from a random place, back and forth where there are too few."""
        stills = self._frames[letter]
        first = int(self._rng.integers(0, max(1, len(stills) - count)))
        run = stills[first : first + count]
        there_and_back = [*run, *run[-2:0:-1]] if len(run) > 1 else run
        for step in range(count):
            yield there_and_back[step % len(there_and_back)]

    def _landmarks(self, hands: Floats, shift: float, ts: float) -> Landmarks:
        moved = hands + np.array([shift, 0, 0], np.float32)
        presence = np.isfinite(hands[:, 0, 0]).astype(np.float32)
        nobody = np.full((33, 4), np.nan, np.float32)
        return Landmarks(ts, *self._size, moved, presence, nobody, 128.0)
