"""The words that people may mean, by length.

`words.txt` (made by `training.lexicon`; see LICENSE.txt) holds SCOWL's words and names: one upper-case word a line with
its class behind it, sorted by length, so that it can be read as a few rectangles of bytes.
"""

import functools
import math
import string
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import InputError, why_unreadable
from edge.types import Floats

WORDS = Path(__file__).with_name("words.txt")
CLASSES = string.ascii_lowercase[:20]
"""How common a word or name is: each class is twice as common as the one before."""
KNOWN_ONLY = "-"
"""Class of rare names, and of words that nothing may be repaired into: they stay as spelled, and no more."""
_WORD = 0.7
"""Probability that what is spelled is a word with a class; each word's share goes by the root of how common it is, as
the most common ones are signed, not spelled."""
_OWN = 3e-4
"""Probability of an operator's own word."""
LONGEST = 16
"""Letters of the longest word that is known or repaired."""
BOUNDARY = 26
"""Stands for the start and the end of a word."""
Codes = NDArray[np.uint8]
"""Letters as 0 to 25."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """All words of one length."""

    words: Codes
    """(K, length)."""
    masks: NDArray[np.uint32]
    """(K,), see `masks`."""
    costs: Floats
    """(K,): negative logarithm of the word's probability."""


def read_shelves(own_words: Path | None) -> dict[int, Shelf]:
    """All words by length, including those of an operator's file.

    Raises:
        InputError: the file cannot be read, or a line of it is no word.
    """
    found = dict(_shipped())
    own: dict[int, list[str]] = defaultdict(list)
    for word in _read_own(own_words) if own_words is not None else ():
        own[len(word)].append(word)
    found |= {length: _with(found[length], words) for length, words in own.items()}
    return found


@functools.cache
def _shipped() -> dict[int, Shelf]:
    """The words of the list by length, 2 to `LONGEST`."""
    text = np.frombuffer(WORDS.read_bytes(), np.uint8)
    ends = np.flatnonzero(text == ord("\n"))
    chances = _chances(text[ends - 1])
    lengths = np.diff(ends, prepend=-1) - 2
    found = {}
    for length in np.unique(lengths).tolist():
        rows = np.flatnonzero(lengths == length)
        block = text[ends[rows[0]] - length - 1 : ends[rows[-1]] + 1].reshape(len(rows), length + 2)
        words = block[:, :length] - np.uint8(65)
        with np.errstate(divide="ignore"):
            found[length] = Shelf(words, masks(words), -np.log(chances[rows]))
    return found


def _chances(classes: Codes) -> Floats:
    """Probability of each word, by class."""
    common = np.exp2(classes - np.float32(ord(CLASSES[0])))
    weights = np.where(classes == ord(KNOWN_ONLY), 0, np.sqrt(common))
    return np.asarray(_WORD * weights / weights.sum(), np.float32)


@functools.cache
def bigram_costs() -> Floats:
    """(27, 27) costs of a letter, or the end, following another, or the start."""
    counts = np.full((27, 27), 0.5)
    for shelf in _shipped().values():
        edge = np.full((len(shelf.words), 1), BOUNDARY, np.uint8)
        paths = np.concatenate([edge, shelf.words, edge], axis=1).astype(np.int64)
        counts += np.bincount((paths[:, :-1] * 27 + paths[:, 1:]).ravel(), minlength=27 * 27).reshape(27, 27)
    return np.asarray(-np.log(counts / counts.sum(axis=1, keepdims=True)), np.float32)


def _with(shelf: Shelf, own: list[str]) -> Shelf:
    """A shelf with an operator's words added; the list may have them too, even as more common."""
    costs = {codes_of(word).tobytes(): np.float32(-math.log(_OWN)) for word in own}
    there = np.array([word.tobytes() in costs for word in shelf.words])
    for word, cost in zip(shelf.words[there], shelf.costs[there], strict=True):
        costs[word.tobytes()] = min(costs[word.tobytes()], cost)
    codes = np.stack([np.frombuffer(word, np.uint8) for word in costs])
    return Shelf(
        np.concatenate([shelf.words[~there], codes]),
        np.concatenate([shelf.masks[~there], masks(codes)]),
        np.concatenate([shelf.costs[~there], np.array(list(costs.values()), np.float32)]),
    )


def masks(words: Codes) -> NDArray[np.uint32]:
    """(K, length) to (K,): which letters each word has, a bit each."""
    return np.asarray(np.bitwise_or.reduce(np.uint32(1) << words.astype(np.uint32), axis=1), np.uint32)


def _read_own(path: Path) -> list[str]:
    try:
        lines = path.read_text("utf-8-sig").splitlines()  # Windows' editors write a mark first
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: own words cannot be read ({why_unreadable(error)}); give one word a line") from error
    words = []
    for number, line in enumerate(lines, 1):
        word = line.partition("#")[0].strip().upper()
        if word and not (word.isascii() and word.isalpha() and 1 < len(word) <= LONGEST):
            raise InputError(f"{path}:{number}: {word!r} is no word; give 2 to {LONGEST} letters A to Z a line")
        words += [word] if word else []
    return words


def codes_of(word: str) -> Codes:
    """(length,) of an upper-case word."""
    return np.frombuffer(word.encode("ascii"), np.uint8) - np.uint8(65)


def text_of(word: Codes) -> str:
    """The inverse of `codes_of`."""
    return (word + np.uint8(65)).tobytes().decode("ascii")
