"""Repairs a finished word from what the letters nearly were: HELO becomes HELLO, COFEE becomes COFFEE.

A noisy channel: how likely a word is, times how likely its letters were read as they were. A string that is in no
list competes as what it may well be, a name; the longer it is, the less likely it is one by chance and one letter from
a word. Words of the list, own words and whatever is not clearly better otherwise stay as spelled.

The list (`words.txt`, made by `training.lexicon`; see LICENSE.txt) holds SCOWL's words and names. One upper-case word a
line, its class behind it, sorted by length, so that it is read as a few rectangles of bytes.
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
from edge.types import Alternatives, Emission, Floats

Codes = NDArray[np.uint8]
"""Letters as 0 to 25."""

WORDS = Path(__file__).with_name("words.txt")
CLASSES, KNOWN_ONLY = "0123456789", "-"
"""How common a word is: each class is four times as common in print as the one before it. Names, and words that
nobody's letters are to be turned into, are known, so that they stay as they are, and no more: there are too many names
beside the words of any list."""
_WORD = 0.7
"""Probability that what is spelled is a word with a class; each word's goes by the root of how common it is, as the
most common ones are signed, not spelled."""
_OWN = 3e-4
"""Probability of an operator's own word."""
_NAME = 0.3
"""Probability of a name or word in no list. Its letters follow each other as those of the list do."""
_CODE, _CODE_LETTERS = 0.03, 18
"""Probability of any other string, and how many letters its next one is as good as chosen from."""
_MISREAD = 0.07
"""Share of letters that a signer makes as the model knows another, however sure it is: it knows no more of that."""
_MISREAD_ELSEWHERE = 0.2
"""Share of those that go beyond the confusions below."""
_READ_AS = {
    "A": "ST", "C": "OE", "D": "XKO", "E": "CDSO", "G": "QL", "H": "UP", "I": "JY", "J": "ZI", "K": "VRD", "L": "AG",
    "M": "SQN", "N": "PQSM", "O": "EC", "P": "QKL", "Q": "GP", "R": "UH", "S": "ENMA", "T": "LGMN", "U": "R", "V": "KU",
    "W": "RV", "X": "DR", "Y": "IA", "Z": "DX",
}  # fmt: skip
"""What the letters of unseen signers are taken for most (models/letters/CARD.md)."""
_MISSED, _MISSED_DOUBLE, _MISSED_MOTION = 0.02, 0.25, 0.08
"""How often a letter is not read: any, the second of two equal ones, J and Z."""
_ADDED, _ADDED_DOUBLE, _ADDED_DOUBTFUL = 0.004, 0.03, 0.08
"""How often one is read that was not spelled: any, the last one again; and more, the less sure the reading was."""
_UNREAD, _UNREAD_LIKE = 0.9, 0.8
"""How often a pose that nobody could read is a letter, and how often one of those that it was most like."""
_CLEARLY, _LIKELY = math.log(20), math.log(2.5)
"""A repair must be so many times as likely as the word as spelled: `_LIKELY` where it only doubles letters, or where
one was read with doubt; and `_LIKELY` times as likely as the next best word. Of 997 American names, drawn as often as
people bear them (a fifth of them in no list) and read without doubt, 1.8 % are changed so."""
_DOUBT = 0.75
"""Least confidence of letters read without doubt."""
_MOST_CHANGE = 9.0
"""Logarithm of how much less likely a misreading may be than none: two usual mistakes, or a wild one, not three."""
_MOST_SHIFT = 2
"""Letters by which a word may be longer or shorter than what was read."""
_MOST_NEW_KINDS = 4
"""Letters in one and not in the other, of word and reading; two misread ones make four."""
LONGEST = 16
"""Letters of the longest word that is known, or repaired."""
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
        """Read the list.

        Args:
            own_words: text file with one word a line; `#` begins a remark.

        Raises:
            InputError: the file cannot be read, or a line of it is no word.
        """
        shelves = dict(_shipped())
        if own_words is not None:
            for word in _read_own(Path(own_words)):
                shelves[len(word)] = _with(_without(shelves.get(len(word)), word), word)
        self._shelves = shelves
        _successions()  # now, not while somebody waits for a first word

    def __contains__(self, word: str) -> bool:
        shelf = self._shelves.get(len(word))
        return shelf is not None and bool((shelf.words == _codes(word)).all(axis=1).any())

    def repair(self, letters: Sequence[Emission]) -> str:
        """The word that was most likely meant; the letters as they were read where no other is clearly better."""
        spelled = "".join(letter.label for letter in letters)
        if not 2 < len(spelled) <= LONGEST or not (spelled.isascii() and spelled.isalpha()) or spelled in self:
            return spelled
        reading = _Reading(letters)
        best = [(math.inf, ""), (math.inf, "")]
        for length in range(len(spelled) - _MOST_SHIFT, len(spelled) + _MOST_SHIFT + 1):
            shelf = self._shelves.get(length)
            if shelf is not None:
                best += _two_best(shelf, reading)
        (cost, word), (second, _) = sorted(best)[:2]
        doubles = len(word) > len(spelled) and _single(word) == _single(spelled)
        doubted = doubles or min(letter.confidence for letter in letters) < _DOUBT
        clearly = reading.as_spelled - cost >= (_LIKELY if doubted else _CLEARLY)
        return word if clearly and second - cost >= _LIKELY else spelled


class _Reading:
    """What was read, as costs (negative logarithms of probabilities).

    A pose that nobody could read counts as a letter that may have been any, or none.
    """

    def __init__(self, letters: Sequence[Emission]) -> None:
        codes = _codes("".join(letter.label for letter in letters))
        self.mask = _masks(codes[None])[0]
        doubled = np.r_[False, codes[1:] == codes[:-1]]
        meant: list[Floats] = []
        added: list[float] = []
        as_read = 0.0
        for letter, code, again in zip(letters, codes, doubled, strict=True):
            if letter.unread:
                meant.append(_meant_unread(letter.unread))
                added.append(-math.log(1 - _UNREAD))
                as_read += added[-1]
            meant.append(_meant(letter))
            added.append(-math.log((_ADDED_DOUBLE if again else _ADDED) + _ADDED_DOUBTFUL * (1 - letter.confidence)))
            as_read += float(meant[-1][code])
        self.meant = np.stack(meant)
        """(letters, 26): of each letter having been meant."""
        self.added = np.array(added, np.float32)
        """(letters,): of each letter not having been meant at all."""
        path = np.r_[_EDGE, codes, _EDGE]
        name = math.log(_NAME) - float(_successions()[path[:-1], path[1:]].sum())
        code = math.log(_CODE) - len(letters) * math.log(_CODE_LETTERS)
        self.as_read = as_read
        self.as_spelled = as_read - float(np.logaddexp(name, code))


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


def _meant_unread(likeliest: Alternatives) -> Floats:
    """(26,) costs of what a pose that nobody could read may have been."""
    like = np.zeros(26)
    for label, probability in likeliest:
        like[ord(label) - 65] = probability
    chances = _UNREAD * (_UNREAD_LIKE * like / like.sum() + (1 - _UNREAD_LIKE) / 26)
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
    for i in range(len(reading.added)):
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
    """The words of the list by their length."""
    text = np.frombuffer(WORDS.read_bytes(), np.uint8)
    ends = np.flatnonzero(text == ord("\n"))
    chances = _chances(text[ends - 1])
    lengths = np.diff(ends, prepend=-1) - 2
    shelves = {}
    for length in np.unique(lengths).tolist():
        rows = np.flatnonzero(lengths == length)
        block = text[ends[rows[0]] - length - 1 : ends[rows[-1]] + 1].reshape(len(rows), length + 2)
        words = block[:, :length] - np.uint8(65)
        with np.errstate(divide="ignore"):
            shelves[length] = _Shelf(words, _masks(words), -np.log(chances[rows]))
    return shelves


def _chances(classes: Codes) -> Floats:
    """Probability of a word by its class: half of a class's for the one below it."""
    weights = np.where(classes == ord(KNOWN_ONLY), 0, np.exp2(classes - np.float32(ord(CLASSES[0]))))
    return np.asarray(_WORD * weights / weights.sum(), np.float32)


@functools.cache
def _successions() -> Floats:
    """(27, 27) costs of a letter, or the end, following another, or the start."""
    counts = np.full((27, 27), 0.5)
    for shelf in _shipped().values():
        edge = np.full((len(shelf.words), 1), _EDGE, np.uint8)
        paths = np.concatenate([edge, shelf.words, edge], axis=1).astype(np.int64)
        counts += np.bincount((paths[:, :-1] * 27 + paths[:, 1:]).ravel(), minlength=27 * 27).reshape(27, 27)
    return np.asarray(-np.log(counts / counts.sum(axis=1, keepdims=True)), np.float32)


def _with(shelf: _Shelf | None, word: str) -> _Shelf:
    """A shelf and an own word."""
    codes, cost = _codes(word)[None], np.array([-math.log(_OWN)], np.float32)
    if shelf is None:
        return _Shelf(codes, _masks(codes), cost)
    return _Shelf(
        np.concatenate([shelf.words, codes]),
        np.concatenate([shelf.masks, _masks(codes)]),
        np.concatenate([shelf.costs, cost]),
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
        if word and not (word.isascii() and word.isalpha() and 1 < len(word) <= LONGEST):
            raise InputError(f"{path}:{number}: {word!r} is no word; give 2 to {LONGEST} letters A to Z a line")
        words += [word] if word else []
    return words


def _codes(word: str) -> Codes:
    return np.frombuffer(word.encode("ascii"), np.uint8) - np.uint8(65)


def _single(word: str) -> str:
    """The word with equal neighbours said once."""
    return "".join(letter for letter, _ in itertools.groupby(word))


def _text(word: Codes) -> str:
    return (word + np.uint8(65)).tobytes().decode("ascii")
