"""The measure of spelled words, and the whole letter reader on fluent spelling by the drawn signer."""

from pathlib import Path

import pytest

from edge.bundle import load_bundle
from edge.demo import DemoSigner
from edge.errors import InputError
from edge.features import FEATURES_TAG
from edge.letter_reader import LetterReader
from edge.paths import shipped
from training.spelling import Tally, edits, measure, read_words
from training.splicing import Spelled


@pytest.mark.parametrize(
    ("read", "truth", "expected"),
    [
        ("HELLO", "HELLO", (0, 0, 0)),
        ("HELO", "HELLO", (0, 0, 1)),
        ("HHELLO", "HELLO", (0, 1, 0)),
        ("HALLO", "HELLO", (1, 0, 0)),
        ("", "HI", (0, 0, 2)),
        ("TQCKETT", "TICKET", (1, 1, 0)),
    ],
)
def test_errors_are_told_apart(read: str, truth: str, expected: tuple[int, int, int]) -> None:
    assert edits(read, truth) == expected


def spelled(word: str, **how: float) -> Spelled:
    signer = DemoSigner(word, **how)  # type: ignore[arg-type]
    return Spelled(word, [landmarks for landmarks, _ in signer.landmarks(0.02)], signer.letters)


@pytest.mark.parametrize("fps", [15.0, 30.0])
def test_fluent_spelling_is_read(fps: float) -> None:
    bundle = load_bundle(shipped("models") / "letters", task="letters", features=FEATURES_TAG)
    words = [
        (("drawn", "3"), spelled(word, fps=fps, letters_per_second=3.0))
        for word in ("HELLO", "WATER", "MAPLE", "SYRUP", "PUBLIC", "LUNCH")
    ]
    figures = measure(iter(words), bundle)["groups"]["drawn 3"]
    assert figures["letters"] == 31
    assert figures["letter_error_rate"] <= 0.2
    assert figures["added"] <= 1
    assert figures["repeats"] == 0
    assert figures["words_right"] >= 0.8


def test_a_letter_said_in_the_time_of_another_one_counts_as_outside() -> None:
    bundle = load_bundle(shipped("models") / "letters", task="letters", features=FEATURES_TAG)
    word = spelled("WE", fps=15.0)
    reader = LetterReader(bundle)
    said = [emission for frame in word.frames for emission in reader.step(frame)]
    right, late = Tally(), Tally()
    right.add(word, said, "WE")
    late.add(Spelled("WE", word.frames, [(letter, a + 0.8, b + 0.8) for letter, a, b in word.spans]), said, "WE")
    assert (right.outside, late.outside) == (0, 1)


def test_words_of_a_file_are_spelled(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_text("Anna\nO'Brien\n" + "Berta\n" * 9, "utf-8")
    assert read_words(path) == ["ANNA", *["BERTA"] * 9]
    path.write_text("Anna\nJos\u00e9\n", "utf-8")
    with pytest.raises(InputError, match=r"names\.txt: 1 words of letters A to Z; give 10 or more"):
        read_words(path)
    with pytest.raises(InputError, match=r"none\.txt: words cannot be read"):
        read_words(tmp_path / "none.txt")
