"""Letter error rate of the daemon's letter reader on spelled words, before and after the lexicon.

`--store F`: words spliced from the letters of real signers, letters held 0.4 to 2.5 s. `--drawn`: the drawn signer
spelling fluently, with real ways from letter to letter, at 1 to 5 letters a second and doubled letters of each kind.
Both at several frame rates; errors are counted as letters misread, added and missed.
"""

import argparse
import itertools
import json
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from edge.argument_parser import ArgumentParser
from edge.bundle import Bundle, load_bundle
from edge.demo import DemoSigner
from edge.errors import InputError
from edge.features import FEATURES_TAG
from edge.labels import MOTION_LETTERS
from edge.letter_reader import LetterReader
from edge.lexicon import Lexicon
from edge.paths import shipped
from edge.types import Emission
from training.command import Listed, run_parsed
from training.splicing import Spelled, Speller
from training.store import Clip, read_named

WORDS = (
    "HELLO COFFEE TICKET ZEBRA WATER TRAIN MAPLE QUICK BOOK STREET VIDEO FOXGLOVE NINE SYRUP HAMMER DWARF ANGRY KIWI "
    "BALLOON PUBLIC EXIT MONEY LUNCH THUMB CAPTION OFFICE PLATFORM SEVEN WINDOW YELLOW BRIGHT SUMMER FAMILY DOCTOR "
    "GLASS UMBRELLA RIVER TEACHER WALNUT POCKET KITCHEN"
)
HOLDS_SECONDS = (0.4, 0.8, 1.0, 2.5)
PACES = (1.0, 2.0, 3.0, 4.0, 5.0)
"""Letters a second."""
Doubled = Literal["slide", "bounce"]
_SLOWEST, _FASTEST = 1, 240
"""Frames a second that can be asked for."""
_LEAST_WORDS = 10
_DRAWN_WORDS = 20
_DRAWN_SIGNERS = 7
_NOISE_PALMS = 0.02
"""Noise of drawn landmarks: more than MediaPipe's on a still hand."""


@dataclass(slots=True)
class Tally:
    """What was read of spelled words."""

    letters: int = 0
    misread: int = 0
    added: int = 0
    missed: int = 0
    repaired_errors: int = 0
    """Errors left after the lexicon."""
    words: int = 0
    right: int = 0
    """Words without an error after the lexicon."""
    repeats: int = 0
    """Letters said again because they were held."""
    outside: int = 0
    """Letters said during another one."""
    first_delays: list[float] = field(default_factory=list)
    """Seconds from the settling of the first letter until it was said, if correctly."""

    def add(self, spelled: Spelled, said: list[Emission], repaired: str) -> None:
        """Count one word: the letters that the reader said, and what the lexicon made of them."""
        read = "".join(emission.label for emission in said)
        misread, added, missed = edits(read, spelled.word)
        self.letters += len(spelled.word)
        self.misread += misread
        self.added += added
        self.missed += missed
        self.repaired_errors += sum(edits(repaired, spelled.word))
        self.words += 1
        self.right += repaired == spelled.word
        places = [_place(emission, spelled.spans) for emission in said]
        self.repeats += sum(
            a.label == b.label and before is not None and before == now
            for (a, before), (b, now) in itertools.pairwise(zip(said, places, strict=True))
        )
        self.outside += sum(
            place is not None and spelled.spans[place][0] != emission.label
            for emission, place in zip(said, places, strict=True)
        )
        if said and said[0].label == spelled.word[0] and said[0].label not in MOTION_LETTERS:
            self.first_delays.append(said[0].decided_at - spelled.spans[0][1])

    def figures(self) -> dict[str, Any]:
        """Rates over all words, and the counts of letters behind them."""
        errors = self.misread + self.added + self.missed
        counts = {name: getattr(self, name) for name in ("letters", "misread", "added", "missed", "repeats", "outside")}
        return {
            "letter_error_rate": round(errors / self.letters, 4),
            "after_lexicon": round(self.repaired_errors / self.letters, 4),
            "words_right": round(self.right / self.words, 4),
            **counts,
            "first_letter_seconds_p95": percentiles(self.first_delays)["p95"],
        }


def edits(read: str, truth: str) -> tuple[int, int, int]:
    """Letters misread, added and missed on the cheapest way from `truth` to `read`.

    Edit distance, row by row; a cell is (all errors, misread, added, missed), so the least is the cheapest.
    """
    row = [(j, 0, 0, j) for j in range(len(truth) + 1)]
    for i, a in enumerate(read, 1):
        above, row = row, [(i, 0, i, 0)]
        for j, b in enumerate(truth, 1):
            same = 0 if a == b else 1
            row.append(
                min(
                    _plus(above[j - 1], (same, same, 0, 0)),
                    _plus(above[j], (1, 0, 1, 0)),
                    _plus(row[j - 1], (1, 0, 0, 1)),
                )
            )
    _, misread, added, missed = row[-1]
    return misread, added, missed


def _plus(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]


def _place(emission: Emission, spans: list[tuple[str, float, float]]) -> int | None:
    """Place in the word of the letter being spelled when this one was read; None between letters."""
    ended = emission.ended_at
    return next((place for place, (_, start, end) in enumerate(spans) if start <= ended < end), None)


def recorded(
    clips: dict[str, list[Clip]], fps: float, words: Sequence[str]
) -> Iterator[tuple[tuple[str, str], Spelled]]:
    """Spliced words by source and hold; sources with letters for too few words are left out."""
    for source, own in sorted(clips.items()):
        speller = Speller(own, seed=0)
        able = [word for word in words if speller.can(word)]
        for hold in HOLDS_SECONDS if len(able) >= _LEAST_WORDS else ():
            for word in able:
                yield (source, f"{hold} s"), speller.spell(word, hold, fps)


def drawn(fps: float) -> Iterator[tuple[tuple[str, str], Spelled]]:
    """The drawn signer's words by pace and kind of doubling."""
    kinds: tuple[Doubled, ...] = get_args(Doubled)
    for pace, doubled in itertools.product(PACES, kinds):
        for index, word in enumerate(WORDS.split()[:_DRAWN_WORDS]):
            signer = DemoSigner(
                word,
                fps=fps,
                letters_per_second=pace,
                doubled=doubled,
                seed=index % _DRAWN_SIGNERS,
                hand="left" if index % 5 == 4 else "right",
            )
            frames = [landmarks for landmarks, _ in signer.landmarks(_NOISE_PALMS)]
            yield (f"{pace:g} a second", doubled), Spelled(word, frames, signer.letters)


def measure(words: Iterator[tuple[tuple[str, str], Spelled]], bundle: Bundle) -> dict[str, Any]:
    """Figures of every group, and means over groups of letter error rates and of words read right."""
    lexicon, reader = Lexicon(), LetterReader(bundle)
    tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
    for group, spelled in words:
        reader.reset()
        said = [emission for frame in spelled.frames for emission in reader.step(frame)]
        tallies[group].add(spelled, said, lexicon.repair(said))
    groups = {" ".join(group): tally.figures() for group, tally in tallies.items()}
    means = {
        name: round(statistics.fmean(figures[name] for figures in groups.values()), 4) if groups else None
        for name in ("letter_error_rate", "after_lexicon", "words_right")
    }
    delays = [delay for tally in tallies.values() for delay in tally.first_delays]
    return {**means, "first_letter_seconds": percentiles(delays), "groups": groups}


def percentiles(seconds: list[float]) -> dict[str, float | None]:
    """Median and 95th percentile; None where there is nothing."""
    return {f"p{share}": round(float(np.percentile(seconds, share)), 3) if seconds else None for share in (50, 95)}


def read_words(path: Path) -> list[str]:
    """Words or names of a file, one a line.

    Raises:
        InputError: the file cannot be read, or holds too few words.
    """
    try:
        words = path.read_text("utf-8").upper().split()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: words cannot be read; give a text file with one a line") from error
    words = [word for word in words if word.isascii() and word.isalpha()]
    if len(words) < _LEAST_WORDS:
        raise InputError(f"{path}: {len(words)} words of letters A to Z; give {_LEAST_WORDS} or more, one a line")
    return words


def run(args: argparse.Namespace) -> int:
    bundle = load_bundle(args.bundle or shipped("models") / "letters", task="letters", features=FEATURES_TAG)
    clips: dict[str, list[Clip]] = defaultdict(list)
    for store in args.store or ():
        for clip in read_named(store):
            if clip.kind == "letter" and (not args.source or clip.source in args.source):
                clips[clip.source].append(clip)
    if args.store and not clips:
        raise InputError(f"no letters of {', '.join(args.source or ['anybody'])} in the stores; name others")
    words = WORDS.split() if args.words is None else read_words(args.words)
    for fps in args.fps:
        spelled = drawn(fps) if args.drawn else recorded(clips, fps, words)
        figures = {"fps": fps, **measure(spelled, bundle)}
        if not figures["groups"]:
            raise InputError(f"nobody in the stores has held the letters of {_LEAST_WORDS} words; name other stores")
        print(json.dumps(figures, indent=None if args.json else 1), flush=True)
    return 0


def _frame_rate(text: str) -> float:
    rate = float(text)
    if not _SLOWEST <= rate <= _FASTEST:
        raise argparse.ArgumentTypeError(f"{text} frames a second; name {_SLOWEST} to {_FASTEST}")
    return rate


def main(argv: list[str]) -> int:
    """Run the command; its exit code."""
    parser = ArgumentParser(prog="python -m training.spelling", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--store", type=Path, action=Listed, nargs="+", help="landmark stores with stills of letters")
    what.add_argument("--drawn", action="store_true", help="the drawn signer instead")
    parser.add_argument("--bundle", type=Path, help="letter bundle; the shipped one without it")
    parser.add_argument("--source", action=Listed, nargs="*", help="only these sources")
    parser.add_argument("--words", type=Path, help="text file of words or names to spell, one a line, with --store")
    parser.add_argument(
        "--fps", type=_frame_rate, action=Listed, nargs="+", default=[30.0], help="frame rates, one result each"
    )
    parser.add_argument("--json", action="store_true", help="one line")
    return run_parsed(parser, argv, run)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
