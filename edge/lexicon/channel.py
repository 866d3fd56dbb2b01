"""How likely letters are to be read as they were if a word was meant: misread, missed and added ones."""

import math
from collections.abc import Sequence

import numpy as np

from edge.last_letter import HELD_SHAPES
from edge.lexicon.shelves import BOUNDARY, Codes, Shelf, bigram_costs, codes_of, masks, text_of
from edge.types import Alternatives, Emission, Floats

_NAME = 0.3
"""Probability of a name or word in no list, whose letters follow each other as in the list."""
_OTHER_STRING = 0.03
"""Probability of any other string."""
_OTHER_STRING_LETTERS = 18
"""Number of letters from which each of its letters is as good as chosen."""
_MISREAD = 0.07
"""Share of letters that a signer makes as the model knows another one, and of which it is no less sure."""
_MISREAD_ELSEWHERE = 0.2
"""Share of those outside the confusions below."""
_READ_AS = {
    "A": "ST", "C": "OE", "D": "XKO", "E": "CDSO", "G": "QL", "H": "UP", "I": "JY", "J": "ZI", "K": "VRD", "L": "AG",
    "M": "SQN", "N": "PQSM", "O": "EC", "P": "QKL", "Q": "GP", "R": "UH", "S": "ENMA", "T": "LGMN", "U": "R", "V": "KU",
    "W": "RV", "X": "DR", "Y": "IA", "Z": "DX",
}  # fmt: skip
"""What unseen signers' letters are most often taken for (models/letters/CARD.md)."""
_MISSED, _MISSED_DOUBLE, _MISSED_MOTION = 0.02, 0.25, 0.08
"""Probability that a letter is not read: any, the second of two equal ones, J or Z."""
_ADDED = 0.004
"""Probability that a letter is read that was not spelled."""
_ADDED_DOUBLE = 0.03
"""The same for the last letter once more."""
_ADDED_ONSET = 0.2
"""The same for the hand shape in which the J or Z that follows begins."""
_ADDED_DOUBTFUL = 0.08
"""What is added to these for a reading of no confidence, and less the surer it is."""
_UNREAD = 0.9
"""Probability that a hold that nobody could read is a letter."""
_UNREAD_LIKE = 0.8
"""Probability that it then is one of those it was most like."""
_MOST_CHANGE = 9.0
"""Logarithm of how much less likely a misreading may be than none: two usual mistakes or a wild one, not three."""
MOST_SHIFT = 2
"""Letters by which a word may be longer or shorter than the reading."""
_MOST_NEW_KINDS = 4
"""Letters that are in only one of word and reading; two misread ones make four."""
_POPCOUNT = np.array([value.bit_count() for value in range(1 << 13)], np.uint8)


class Reading:
    """What was read, as costs (negative logarithms of probabilities).

    A hold within the word that nobody could read counts as a letter that may have been any, or none; one before the
    first letter is a hand at rest.
    """

    def __init__(self, letters: Sequence[Emission]) -> None:
        codes = codes_of("".join(letter.label for letter in letters))
        self._mask = masks(codes[None])[0]
        chances = np.full(len(codes), _ADDED)
        chances[1:][codes[1:] == codes[:-1]] = _ADDED_DOUBLE
        meant: list[Floats] = []
        added: list[float] = []
        self._onsets: dict[int, tuple[int, float]] = {}
        """By place of a J or Z, its code and the cost of the letter before it being the hand in which it begins."""
        as_read = 0.0
        for before, letter, code, chance in zip((None, *letters[:-1]), letters, codes, chances.tolist(), strict=True):
            if letter.unread and meant:
                meant.append(_unread_costs(letter.unread))
                added.append(-math.log(1 - _UNREAD))
                as_read += added[-1]
            elif before is not None and before.label in HELD_SHAPES.get(letter.label, ()):
                self._onsets[len(meant)] = int(code), _insertion_cost(_ADDED_ONSET, before)
            meant.append(_substitution_costs(letter))
            added.append(_insertion_cost(chance, letter))
            as_read += float(meant[-1][code])
        self._substitution_costs = np.stack(meant)
        """(letters and unread holds, 26): cost of each letter having been meant."""
        self._insertion_costs = np.array(added, np.float32)
        """(letters and unread holds,): cost of each not having been meant at all."""
        path = np.r_[BOUNDARY, codes, BOUNDARY]
        name = math.log(_NAME) - float(bigram_costs()[path[:-1], path[1:]].sum())
        other = math.log(_OTHER_STRING) - len(letters) * math.log(_OTHER_STRING_LETTERS)
        self._as_read = as_read
        self.as_spelled = as_read - float(np.logaddexp(name, other))
        """Cost of the letters as read having been meant."""

    def two_best(self, shelf: Shelf) -> list[tuple[float, str]]:
        """Cost and text of the likeliest words of one length."""
        strange = shelf.masks ^ self._mask
        near = _POPCOUNT[strange & 0x1FFF] + _POPCOUNT[strange >> 13] <= _MOST_NEW_KINDS
        near &= np.isfinite(shelf.costs)
        words = shelf.words[near]
        if not len(words):
            return []
        misreading = self._misreading(words)
        costs = np.where(misreading - self._as_read <= _MOST_CHANGE, shelf.costs[near] + misreading, math.inf)
        order = np.argsort(costs)[:2]
        return [(float(costs[index]), text_of(words[index])) for index in order if math.isfinite(costs[index])]

    def _misreading(self, words: Codes) -> Floats:
        """(K,): cost of reading each of (K, length) words so. Edit distance over all words at once."""
        missed = _deletion_costs(words)
        far = np.full(len(words), 1e9, np.float32)
        above: list[Floats] = []
        row: list[Floats] = [np.zeros(len(words), np.float32)]
        for j in range(words.shape[1]):
            row.append(row[-1] + missed[:, j] if j < MOST_SHIFT else far)
        for i in range(len(self._insertion_costs)):
            older, above, row = above, row, []
            for j in range(words.shape[1] + 1):
                if abs(i + 1 - j) > MOST_SHIFT:
                    row.append(far)
                    continue
                cost: Floats = above[j] + self._insertion_costs[i]
                if j:
                    cost = np.minimum(cost, above[j - 1] + self._substitution_costs[i, words[:, j - 1]])
                    cost = np.minimum(cost, row[j - 1] + missed[:, j - 1])
                    if i in self._onsets:  # the hand before it began a J only where a J is meant
                        code, onset = self._onsets[i]
                        drawn = older[j - 1] + onset + self._substitution_costs[i, code]
                        cost = np.where(words[:, j - 1] == code, np.minimum(cost, drawn), cost)
                row.append(cost)
        return row[-1]


def _insertion_cost(chance: float, letter: Emission) -> float:
    """Cost of reading a letter that was not meant, which is likelier the less sure it was."""
    return -math.log(chance + _ADDED_DOUBTFUL * (1 - letter.confidence))


def _substitution_costs(letter: Emission) -> Floats:
    """(26,) costs, by what else the model saw and what the letter is confused with."""
    seen = np.full(26, 1e-4)
    for label, probability in letter.alternatives:
        if len(label) == 1:
            seen[ord(label) - 65] += probability
    confused = np.full(26, _MISREAD_ELSEWHERE / 26)
    truths = [ord(truth) - 65 for truth, read in _READ_AS.items() if letter.label in read]
    if truths:
        confused[truths] += (1 - _MISREAD_ELSEWHERE) / len(truths)
    chances = (1 - _MISREAD) * seen / seen.sum() + _MISREAD * confused
    return np.asarray(-np.log(chances), np.float32)


def _unread_costs(likeliest: Alternatives) -> Floats:
    """(26,) costs of what a hold that nobody could read may have been."""
    like = np.zeros(26)
    for label, probability in likeliest:
        like[ord(label) - 65] = probability
    chances = _UNREAD * (_UNREAD_LIKE * like / like.sum() + (1 - _UNREAD_LIKE) / 26)
    return np.asarray(-np.log(chances), np.float32)


def _deletion_costs(words: Codes) -> Floats:
    """(K, length): cost of each letter not having been read."""
    chances = np.full(words.shape, _MISSED, np.float32)
    chances[np.isin(words, codes_of("JZ"))] = _MISSED_MOTION
    chances[:, 1:][words[:, 1:] == words[:, :-1]] = _MISSED_DOUBLE
    return np.asarray(-np.log(chances), np.float32)
