"""Repairs a finished word from what the letters nearly were: HELO becomes HELLO, COFEE becomes COFFEE.

A noisy channel: how likely a word is, times how likely its letters were read as they were. A string that is in no
list competes as what it may well be, a name; the longer it is, the less likely it is one by chance and one letter from
a word. Words of the lists, own words and whatever is not clearly better otherwise stay as spelled.

The lists are made from SCOWL (see LICENSE.txt): its levels 10, 20 and 35, which go by how common a word is, and its
names. One upper-case word a line, sorted by length, so that a list is read as a few rectangles of bytes.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import InputError
from edge.types import Emission, Floats

Codes = NDArray[np.uint8]
"""Letters as 0 to 25."""

_LISTS = {"common": 1e-4, "usual": 2e-5, "known": 3e-6, "names": 0.0}
"""Probability of a word of each list; all of its words together are about 0.4, 0.14 and 0.08. Names are known, so that
they stay as they are, but nothing is turned into one: there are too many beside those of any list."""
_OWN = 3e-4
"""Probability of an operator's own word."""
_NAME = 0.3
"""Probability of a name or word in no list. Its letters follow each other as those of the lists do."""
_CODE, _CODE_LETTERS = 0.03, 18
"""Probability of any other string, and how many letters its next one is as good as chosen from."""
_MISREAD = 0.05
"""Share of letters that a signer makes as the model knows another, however sure it is: it knows no more of that."""
_MISREAD_ELSEWHERE = 0.2
"""Share of those that go beyond the confusions below."""
_READ_AS = {
    "A": "ST", "C": "OE", "D": "XKO", "E": "CDSO", "G": "QL", "H": "UP", "I": "JY", "J": "ZI", "K": "VRD", "L": "AG",
    "M": "SQN", "N": "PQSM", "O": "EC", "P": "QKL", "Q": "GP", "R": "UH", "S": "ENMA", "T": "LGMN", "U": "R", "V": "KU",
    "W": "RV", "X": "DR", "Y": "IA", "Z": "DX",
}  # fmt: skip
"""What the letters of unseen signers are taken for most (models/letters/CARD.md)."""
_MISSED, _MISSED_DOUBLE, _MISSED_MOTION = 0.012, 0.25, 0.08
"""How often a letter is not read: any, the second of two equal ones, J and Z."""
_ADDED, _ADDED_DOUBLE, _ADDED_DOUBTFUL = 0.004, 0.03, 0.08
"""How often one is read that was not spelled: any, the last one again; and more, the less sure the reading was."""
_CLEARLY, _CLEARLY_DOUBTED = math.log(20), math.log(4)
"""A repair must be so many times as likely as the word as spelled, and as the next best word; less where it only
doubles letters, or says doubled ones once, or where a letter was read with doubt. Of 380 names in no list, read as
unseen signers are, 5.3 % are changed so, 4.2 % where doubt is no reason; of names read without doubt 2.4 %."""
_DOUBT = 0.75
"""Least confidence of letters read without doubt."""
_MOST_CHANGE = 9.0
"""Logarithm of how much less likely a misreading may be than none: two usual mistakes, or a wild one, not three."""
_MOST_SHIFT = 2
"""Letters by which a word may be longer or shorter than what was read."""
_MOST_NEW_KINDS = 4
"""Letters in one and not in the other, of word and reading; two misread ones make four."""
_LONGEST = 16
_EDGE = 26
"""Stands for the start and the end of a word."""
_POPULATION = np.array([value.bit_count() for value in range(1 << 13)], np.uint8)


@dataclass(frozen=True, slots=True)
class _Shelf:
    """All words of one length."""

    words: Codes
    """(K, length)."""
    masks: NDArray[np.uint32]
    """(K,): which letters a word has, a bit each."""
    costs: Floats
    """(K,): negative logarithm of the word's probability."""


class Lexicon:
    """Words that people may have meant."""

    def __init__(self, own_words: str | None = None) -> None:
        """Read the lists.

        Args:
            own_words: text file with one word a line; `#` begins a remark.

        Raises:
            InputError: the file cannot be read, or a line of it is no word.
        """
        shelves = dict(_shipped())
        if own_words is not None:
            for word in _read_own(Path(own_words)):
                shelves[len(word)] = _with(_without(shelves.get(len(word)), word), _codes(word)[None], _OWN)
        self._shelves = shelves
        _successions()  # now, not while somebody waits for a first word

    def __contains__(self, word: str) -> bool:
        shelf = self._shelves.get(len(word))
        return shelf is not None and bool((shelf.words == _codes(word)).all(axis=1).any())

    def repair(self, letters: Sequence[Emission]) -> str:
        """The word that was most likely meant; the letters as they were read where no other is clearly better."""
        spelled = "".join(letter.label for letter in letters)
        if not 2 < len(spelled) <= _LONGEST or not (spelled.isascii() and spelled.isalpha()) or spelled in self:
            return spelled
        reading = _Reading(letters)
        best: list[tuple[float, str]] = [(reading.as_spelled, spelled)]
        for length in range(len(spelled) - _MOST_SHIFT, len(spelled) + _MOST_SHIFT + 1):
            shelf = self._shelves.get(length)
            if shelf is not None:
                best += _two_best(shelf, reading)
        (cost, word), (second, _) = sorted(best)[:2] if len(best) > 1 else (best[0], (math.inf, ""))
        doubted = _single(word) == _single(spelled) or min(letter.confidence for letter in letters) < _DOUBT
        return word if second - cost >= (_CLEARLY_DOUBTED if doubted else _CLEARLY) else spelled


class _Reading:
    """What was read, as costs (negative logarithms of probabilities)."""

    def __init__(self, letters: Sequence[Emission]) -> None:
        self.codes = _codes("".join(letter.label for letter in letters))
        self.mask = _masks(self.codes[None])[0]
        self.meant = np.stack([_meant(letter) for letter in letters])
        """(letters, 26): of each letter having been meant."""
        doubled = np.r_[False, self.codes[1:] == self.codes[:-1]]
        sure = np.array([letter.confidence for letter in letters])
        added = np.where(doubled, _ADDED_DOUBLE, _ADDED) + _ADDED_DOUBTFUL * (1 - sure)
        self.added = -np.log(added).astype(np.float32)
        """(letters,): of each letter not having been meant at all."""
        path = np.r_[_EDGE, self.codes, _EDGE]
        name = math.log(_NAME) - float(_successions()[path[:-1], path[1:]].sum())
        code = math.log(_CODE) - len(letters) * math.log(_CODE_LETTERS)
        self.as_read = float(self.meant[np.arange(len(letters)), self.codes].sum())
        self.as_spelled = self.as_read - float(np.logaddexp(name, code))


def _meant(letter: Emission) -> Floats:
    """(26,) costs: what the model saw beside its best letter, and what such a letter is confused with."""
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


def _two_best(shelf: _Shelf, reading: _Reading) -> list[tuple[float, str]]:
    """Cost and text of the likeliest words of one length."""
    strange = shelf.masks ^ reading.mask
    near = _POPULATION[strange & 0x1FFF] + _POPULATION[strange >> 13] <= _MOST_NEW_KINDS
    near &= np.isfinite(shelf.costs)
    words = shelf.words[near]
    if not len(words):
        return []
    misreading = _misreading(words, reading)
    costs = np.where(misreading - reading.as_read <= _MOST_CHANGE, shelf.costs[near] + misreading, math.inf)
    order = np.argsort(costs)[:2]
    return [(float(costs[index]), _text(words[index])) for index in order if math.isfinite(costs[index])]


def _misreading(words: Codes, reading: _Reading) -> Floats:
    """(K,): what it costs to read each of (K, length) words so. Edit distance over all words at once."""
    missed = _missed(words)
    far = np.full(len(words), 1e9, np.float32)
    row: list[Floats] = [np.zeros(len(words), np.float32)]
    for j in range(words.shape[1]):
        row.append(row[-1] + missed[:, j] if j < _MOST_SHIFT else far)
    for i in range(len(reading.codes)):
        above, row = row, []
        for j in range(words.shape[1] + 1):
            if abs(i + 1 - j) > _MOST_SHIFT:
                row.append(far)
                continue
            cost: Floats = above[j] + reading.added[i]
            if j:
                cost = np.minimum(cost, above[j - 1] + reading.meant[i, words[:, j - 1]])
                cost = np.minimum(cost, row[j - 1] + missed[:, j - 1])
            row.append(cost)
    return row[-1]


def _missed(words: Codes) -> Floats:
    """(K, length): cost of each letter not having been read."""
    chances = np.full(words.shape, _MISSED, np.float32)
    chances[np.isin(words, _codes("JZ"))] = _MISSED_MOTION
    chances[:, 1:][words[:, 1:] == words[:, :-1]] = _MISSED_DOUBLE
    return np.asarray(-np.log(chances), np.float32)


@functools.cache
def _shipped() -> dict[int, _Shelf]:
    """The lists of this folder by length of word."""
    shelves: dict[int, _Shelf] = {}
    for name, probability in _LISTS.items():
        text = np.frombuffer(Path(__file__).with_name(f"{name}.txt").read_bytes(), np.uint8)
        ends = np.flatnonzero(text == ord("\n"))
        lengths = np.diff(ends, prepend=-1) - 1
        for length in np.unique(lengths).tolist():
            first, last = np.flatnonzero(lengths == length)[[0, -1]]
            block = text[ends[first] - length : ends[last] + 1].reshape(-1, length + 1)[:, :-1]
            shelves[length] = _with(shelves.get(length), block - np.uint8(65), probability)
    return shelves


@functools.cache
def _successions() -> Floats:
    """(27, 27) costs of a letter, or the end, following another, or the start."""
    counts = np.full((27, 27), 0.5)
    for shelf in _shipped().values():
        edge = np.full((len(shelf.words), 1), _EDGE, np.uint8)
        paths = np.concatenate([edge, shelf.words, edge], axis=1).astype(np.int64)
        counts += np.bincount((paths[:, :-1] * 27 + paths[:, 1:]).ravel(), minlength=27 * 27).reshape(27, 27)
    return np.asarray(-np.log(counts / counts.sum(axis=1, keepdims=True)), np.float32)


def _with(shelf: _Shelf | None, words: Codes, probability: float) -> _Shelf:
    costs: Floats = np.full(len(words), -math.log(probability) if probability else math.inf, np.float32)
    if shelf is None:
        return _Shelf(words, _masks(words), costs)
    return _Shelf(
        np.concatenate([shelf.words, words]),
        np.concatenate([shelf.masks, _masks(words)]),
        np.concatenate([shelf.costs, costs]),
    )


def _without(shelf: _Shelf | None, word: str) -> _Shelf | None:
    if shelf is None:
        return None
    kept = (shelf.words != _codes(word)).any(axis=1)
    return _Shelf(shelf.words[kept], shelf.masks[kept], shelf.costs[kept])


def _masks(words: Codes) -> NDArray[np.uint32]:
    return np.asarray(np.bitwise_or.reduce(np.uint32(1) << words.astype(np.uint32), axis=1), np.uint32)


def _read_own(path: Path) -> list[str]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise InputError(f"{path}: own words cannot be read ({reason}); give one word a line") from error
    words = []
    for number, line in enumerate(lines, 1):
        word = line.partition("#")[0].strip().upper()
        if word and not (word.isascii() and word.isalpha() and 1 < len(word) <= _LONGEST):
            raise InputError(f"{path}:{number}: {word!r} is no word; give 2 to {_LONGEST} letters A to Z a line")
        words += [word] if word else []
    return words


def _codes(word: str) -> Codes:
    return np.frombuffer(word.encode("ascii"), np.uint8) - np.uint8(65)


def _single(word: str) -> str:
    """The word with equal neighbours said once."""
    return "".join(letter for letter, _ in itertools.groupby(word))


def _text(word: Codes) -> str:
    return (word + np.uint8(65)).tobytes().decode("ascii")
