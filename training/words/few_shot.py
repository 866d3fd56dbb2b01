"""Teaches a network glosses it never saw, ten at a time, if possible by other people than those read afterwards."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from edge.bundle import Bundle
from edge.labels import NOTHING
from edge.prototypes import unit
from edge.teach import embedding_of
from edge.types import Floats
from edge.words import WordModel
from training.store import Clip

TAUGHT = 10
"""Signs taught at once (issue 5)."""
EXAMPLES = (1, 3, 5)
_LEAST_CLIPS = max(EXAMPLES) + 1
_TESTS = 10
"""Recordings of each sign that are read, at most."""
_OF_EACH = 4
"""Clips of each source and untaught gloss, at most."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A taught sign, and what is then read of it: places in the pupil's clips."""

    gloss: str
    examples: list[int]
    tests: list[int]
    by_others: bool
    """Tests and examples are of different people."""


class Pupil:
    """A network that never saw some signers and some glosses, and their clips with its embeddings of them."""

    def __init__(self, bundle: Bundle, clips: Sequence[Clip], signers: set[str], unseen: set[str]) -> None:
        """`clips`: all that may be judged; of glosses not in `unseen` only those of `signers` are kept."""
        model = WordModel(bundle)
        chosen = [clip for clip in clips if clip.label in unseen or clip.signer in signers]
        read = [(clip, made) for clip in chosen if (made := embedding_of(clip, model)) is not None]
        self.bundle, self.signers, self.unseen = bundle, signers, unseen
        self.words = set(bundle.labels) - unseen - {NOTHING}
        """What the network can say untaught."""
        self.clips = [clip for clip, _ in read]
        self.embeddings = unit(np.stack([embedding for _, embedding in read]))

    def lessons(self, rng: np.random.Generator, examples: int, avoid: Collection[str] = ()) -> list[Lesson]:
        """`TAUGHT` random glosses; none where too few have enough clips."""
        lessons: list[Lesson] = []
        for gloss in rng.permutation(sorted(self.unseen - set(avoid))).tolist():
            places = [k for k, clip in enumerate(self.clips) if clip.label == gloss]
            if len(places) >= _LEAST_CLIPS and len(lessons) < TAUGHT:
                lesson = self._lesson(gloss, rng.permutation(places).tolist(), rng, examples)
                lessons += [lesson] if lesson else []
        return lessons if len(lessons) == TAUGHT else []

    def cosines(self, lessons: Sequence[Lesson], places: Sequence[int]) -> Floats:
        """(places, lessons): cosine to the nearest example of each lesson."""
        read = self.embeddings[list(places)]
        return np.stack([(read @ self.embeddings[lesson.examples].T).max(axis=1) for lesson in lessons], axis=1)

    def strangers(
        self, lessons: Sequence[Lesson], rng: np.random.Generator, avoid: Collection[str] = ()
    ) -> tuple[list[int], list[int]]:
        """A few clips of each gloss of the held-out signers: of unknown signs, and of the network's words."""
        not_these = {*avoid, *(lesson.gloss for lesson in lessons)}
        groups: dict[tuple[str, str], list[int]] = defaultdict(list)
        for k in rng.permutation(len(self.clips)).tolist():
            clip = self.clips[k]
            if clip.signer in self.signers and clip.label not in not_these:
                groups[clip.source, clip.label].append(k)
        few = {(source, gloss): places[:_OF_EACH] for (source, gloss), places in sorted(groups.items())}
        unknown = [k for (_, gloss), places in few.items() if gloss not in self.bundle.labels for k in places]
        return unknown, [k for (_, gloss), places in few.items() if gloss in self.words for k in places]

    def _lesson(self, gloss: str, places: list[int], rng: np.random.Generator, examples: int) -> Lesson | None:
        signers = rng.permutation(sorted({self.clips[k].signer for k in places})).tolist()
        if len(signers) == 1:
            return Lesson(gloss, places[:examples], places[examples : examples + _TESTS], by_others=False)
        read = set(signers[: max(1, len(signers) // 3)])
        teaching = self._in_turn([k for k in places if self.clips[k].signer not in read])
        if len(teaching) < examples:
            return None
        tests = [k for k in places if self.clips[k].signer in read]
        return Lesson(gloss, teaching[:examples], tests[:_TESTS], by_others=True)

    def _in_turn(self, places: list[int]) -> list[int]:
        """One of each signer, then another of each."""
        seen: dict[str, int] = defaultdict(int)
        turns: list[tuple[int, int, int]] = []
        for k in places:
            turns.append((seen[self.clips[k].signer], len(turns), k))
            seen[self.clips[k].signer] += 1
        return [k for _, _, k in sorted(turns)]
