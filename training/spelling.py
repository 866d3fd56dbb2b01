"""Spelled words from isolated letters: one signer's consecutive frames, hard cuts between letters, slides for doubles.

`python -m training.spelling --store F` measures the daemon's letter reader on them: letter error rate, letters said
again because they were held, and letters said outside their own time. Still pictures stand in for a recording only
where a source took them one after the other, as most did.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edge.bundle import Bundle, load_bundle
from edge.cli import run_command
from edge.features import FEATURES_TAG
from edge.letters import MOTION_LETTERS
from edge.paths import shipped
from edge.pipeline import LetterReader
from edge.types import Emission, Floats, Landmarks
from training.store import Clip, read_store

WORDS = (
    "HELLO COFFEE TICKET ZEBRA WATER TRAIN MAPLE QUICK BOOK STREET VIDEO FOXGLOVE NINE SYRUP HAMMER DWARF ANGRY KIWI "
    "BALLOON PUBLIC EXIT MONEY LUNCH THUMB CAPTION OFFICE PLATFORM SEVEN WINDOW YELLOW BRIGHT SUMMER FAMILY DOCTOR "
    "GLASS UMBRELLA RIVER TEACHER WALNUT POCKET KITCHEN"
)
HOLDS_SECONDS = (0.4, 0.8, 1.0, 2.5)
_SLIDE_SECONDS = 0.2
_SLIDE_WIDTHS = 0.12
"""A doubled letter moves sideways by this share of the picture."""
_AWAY_SECONDS = 0.5
"""No hand in the picture after the word: what hangs in the decoder must not come out."""


@dataclass(frozen=True, slots=True)
class Spelled:
    """One word by one signer."""

    word: str
    hold_seconds: float
    frames: list[Landmarks]
    spans: list[tuple[str, float, float]]
    """Letter, start, end in seconds."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was read of one spelled word."""

    errors: int
    repeats: int
    outside: int


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
        return all(letter not in MOTION_LETTERS and len(self._frames[letter]) >= 12 for letter in word)

    def spell(self, word: str, hold_seconds: float, fps: float) -> Spelled:
        frames: list[Landmarks] = []
        spans = []
        shift = 0.0
        for index, letter in enumerate(word):
            double = index > 0 and word[index - 1] == letter
            start = len(frames) / fps
            for step, hands in enumerate(self._hold(letter, round(hold_seconds * fps))):
                slid = _SLIDE_WIDTHS * min(1.0, (step + 1) / (_SLIDE_SECONDS * fps)) if double else 0.0
                frames.append(self._landmarks(hands, shift + slid, len(frames) / fps))
            shift = shift + _SLIDE_WIDTHS if double else 0.0
            spans.append((letter, start, len(frames) / fps))
        nobody = np.full((2, 21, 3), np.nan, np.float32)
        for _ in range(round(_AWAY_SECONDS * fps)):
            frames.append(self._landmarks(nobody, 0.0, len(frames) / fps))
        return Spelled(word, hold_seconds, frames, spans)

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


def judge(spelled: Spelled, reader: LetterReader) -> tuple[Outcome, str]:
    """Replay a word through the daemon's reader."""
    emissions = [emission for frame in spelled.frames for emission in reader.step(frame)]
    read = "".join(emission.label for emission in emissions)
    outside = sum(not _inside(emission, spelled.spans) for emission in emissions)
    repeats = sum(
        a.label == b.label and _span(a, spelled.spans) == _span(b, spelled.spans)
        for a, b in itertools.pairwise(emissions)
    )
    return Outcome(edit_distance(read, spelled.word), repeats, outside), read


def edit_distance(read: str, truth: str) -> int:
    """Levenshtein: insertions, deletions and substitutions count one each."""
    row = list(range(len(truth) + 1))
    for i, a in enumerate(read, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(truth, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def _span(emission: Emission, spans: list[tuple[str, float, float]]) -> int:
    return next((index for index, (_, start, end) in enumerate(spans) if start <= emission.decided_at < end), -1)


def _inside(emission: Emission, spans: list[tuple[str, float, float]]) -> bool:
    index = _span(emission, spans)
    return index >= 0 and spans[index][0] == emission.label and emission.started_at >= spans[index][1] - 1e-6


def measure(clips: dict[str, list[Clip]], bundle: Bundle, fps: float, *, verbose: bool = False) -> dict[str, Any]:
    """Letter error rate and the rest, per source and hold."""
    rates: dict[str, dict[str, float]] = {}
    totals = {"letters": 0, "errors": 0, "repeats": 0, "outside": 0}
    for source, own in sorted(clips.items()):
        speller = Speller(own, seed=0)
        words = [word for word in WORDS.split() if speller.can(word)]
        if len(words) < 10:
            continue
        rates[source] = {}
        for hold in HOLDS_SECONDS:
            outcomes = []
            for word in words:
                outcome, read = judge(speller.spell(word, hold, fps), LetterReader(bundle))
                outcomes.append(outcome)
                if verbose and (outcome.errors or outcome.repeats):
                    print(f"{source:15} {hold:.1f} s  {word:10} {read}")
            letters = sum(map(len, words))
            errors = sum(outcome.errors for outcome in outcomes)
            rates[source][str(hold)] = round(errors / letters, 4)
            totals["letters"] += letters
            totals["errors"] += errors
            totals["repeats"] += sum(outcome.repeats for outcome in outcomes)
            totals["outside"] += sum(outcome.outside for outcome in outcomes)
    mean = statistics.fmean([rate for by_hold in rates.values() for rate in by_hold.values()]) if rates else None
    return {"fps": fps, "letter_error_rate": mean, "per_source": rates, **totals}


def run(args: argparse.Namespace) -> int:
    bundle = load_bundle(args.bundle or shipped("models") / "letters", task="letters", features=FEATURES_TAG)
    clips: dict[str, list[Clip]] = defaultdict(list)
    for store in args.store:
        for clip in read_store(store):
            if clip.kind == "letter" and (not args.source or clip.source in args.source):
                clips[clip.source].append(clip)
    print(json.dumps(measure(clips, bundle, args.fps, verbose=args.verbose), indent=None if args.json else 1))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.spelling", description=__doc__)
    parser.add_argument("--store", type=Path, nargs="+", required=True, help="landmark stores with stills of letters")
    parser.add_argument("--bundle", type=Path, help="letter bundle; the shipped one without it")
    parser.add_argument("--source", nargs="*", help="only these sources")
    parser.add_argument("--fps", type=float, default=30.0)
    parser.add_argument("--json", action="store_true", help="one line")
    parser.add_argument("--verbose", action="store_true", help="show every word that was misread")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    parser.set_defaults(run=run)
    return run_command(parser.parse_args())


if __name__ == "__main__":
    raise SystemExit(main())
