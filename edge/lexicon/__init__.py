"""Repairs a finished word from what the letters nearly were: HELO becomes HELLO, COFEE becomes COFFEE.

A noisy channel: how likely a word is (`shelves`), times how likely its letters were read as they were (`channel`). A
string in no list competes as what it may well be, a name; the longer it is, the less likely it is one that happens to
be one letter from a word. Words of the list, own words and whatever has no clearly better repair stay as spelled.
"""

import itertools
import math
from collections.abc import Sequence
from pathlib import Path

from edge.lexicon.channel import MOST_SHIFT, Reading
from edge.lexicon.shelves import LONGEST, bigram_costs, codes_of, read_shelves
from edge.types import Emission

_CLEARLY = math.log(20)
"""A repair must be this many times as likely as the word as spelled. Of 997 American names, drawn as often as people
bear them (a fifth of them in no list) and read without doubt, 2.8 % are changed."""
_LIKELY = math.log(2.5)
"""It must be this many times as likely as the next best word; and as the word as spelled, if it only doubles letters or
one was read with doubt."""
_DOUBT = 0.75
"""Least confidence of letters read without doubt."""


class Lexicon:
    """Words that people may have meant."""

    def __init__(self, own_words: str | None = None) -> None:
        """Read the list.

        Args:
            own_words: text file with one word a line; `#` begins a remark.

        Raises:
            InputError: the file cannot be read, or a line of it is no word.
        """
        self._shelves = read_shelves(Path(own_words) if own_words is not None else None)
        bigram_costs()  # now, not while somebody waits for a first word

    def __contains__(self, word: str) -> bool:
        shelf = self._shelves.get(len(word))
        return shelf is not None and bool((shelf.words == codes_of(word)).all(axis=1).any())

    def repair(self, letters: Sequence[Emission]) -> str:
        """The word most likely meant; the letters as read if no other is clearly better."""
        spelled = "".join(letter.label for letter in letters)
        if not 2 < len(spelled) <= LONGEST or not (spelled.isascii() and spelled.isalpha()) or spelled in self:
            return spelled
        reading = Reading(letters)
        best = [(math.inf, ""), (math.inf, "")]
        for length in range(len(spelled) - MOST_SHIFT, len(spelled) + MOST_SHIFT + 1):
            shelf = self._shelves.get(length)
            if shelf is not None:
                best += reading.two_best(shelf)
        (cost, word), (second, _) = sorted(best)[:2]
        doubles = len(word) > len(spelled) and _single(word) == _single(spelled)
        doubted = doubles or min(letter.confidence for letter in letters) < _DOUBT
        clearly = reading.as_spelled - cost >= (_LIKELY if doubted else _CLEARLY)
        return word if clearly and second - cost >= _LIKELY else spelled


def _single(word: str) -> str:
    """The word with each run of equal letters reduced to one."""
    return "".join(letter for letter, _ in itertools.groupby(word))
