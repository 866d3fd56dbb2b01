"""What a tally makes of what a reader said of a stream."""

from dataclasses import dataclass
from typing import cast

import numpy as np
import pytest

from edge.types import Emission, Landmarks
from edge.word_reader import WordReader
from training.words.streams import Stream, Tally

NOBODY = np.full((2, 21, 3), np.nan, np.float32), np.zeros(2, np.float32), np.full((33, 4), np.nan, np.float32)


@dataclass
class Saying:
    """A reader that says words at given times."""

    words: dict[float, str]

    def step(self, landmarks: Landmarks) -> list[Emission]:
        label = self.words.get(round(landmarks.ts, 2))
        return [Emission("word", label, 0.9, (), 0.0, landmarks.ts, landmarks.ts, "right")] if label else []


def stream() -> Stream:
    """Three signs of a second each, with two seconds of rest after each."""
    frames = [Landmarks(k / 10, 640, 480, *NOBODY, 128.0) for k in range(90)]
    return Stream(frames, [("hello", 0.0, 1.0), ("book", 3.0, 4.0), ("hello", 6.0, 7.0)])


@pytest.mark.parametrize(
    ("words", "right", "wrong", "speaking"),
    [
        ({1.4: "hello", 4.2: "book"}, 2, 0, 2),
        ({1.4: "hello", 1.5: "hello"}, 1, 1, 1),
        ({1.8: "hello"}, 0, 1, 1),
        ({3.5: "hello", 4.4: "book"}, 1, 1, 1),
        ({}, 0, 0, 0),
    ],
    ids=["in time", "twice", "late", "another word first", "nothing"],
)
def test_a_word_counts_once_a_sign_and_in_time(words: dict[float, str], right: int, wrong: int, speaking: int) -> None:
    tally = Tally()
    tally.read(stream(), cast("WordReader", Saying(words)), {"hello", "book"})
    figures = tally.figures()
    assert (tally.right, figures["wrong"], figures["signs"]) == (right, wrong, 3)
    assert figures["speaking"] == pytest.approx(speaking / 3, abs=1e-4)


def test_streams_add_up() -> None:
    tally = Tally()
    for words in ({1.4: "hello"}, {4.2: "book", 6.0: "hello"}):
        tally.read(stream(), cast("WordReader", Saying(words)), {"hello", "book"})
    assert (tally.right, tally.figures()["signs"], tally.figures()["speaking"]) == (3, 6, 0.5)


def test_signs_outside_the_vocabulary_count_where_they_make_it_speak() -> None:
    tally = Tally()
    tally.read(stream(), cast("WordReader", Saying({4.4: "yes", 8.9: "no"})), {"yes", "no"})
    figures = tally.figures()
    assert (figures["signs"], figures["recall"]) == (0, None)
    assert figures["speaking"] == pytest.approx(2 / 3, abs=1e-4)
