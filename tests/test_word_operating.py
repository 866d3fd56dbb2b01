"""Where the floors of a word bundle come from, and which of its words are shipped disabled."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.errors import InputError
from edge.types import Floats
from training.figures import is_emitted
from training.words.operating import fit_operating_point

LABELS = ("hello", "yes", "no", "nothing")
HELLO, YES, NO, NOTHING = range(4)


@dataclass
class HeldOut:
    """What a network said of people it never saw."""

    rows: list[Floats] = field(default_factory=list)
    truth: list[int] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)

    def add(self, truth: int, guess: int, sure: Floats | list[float], source: str = "a") -> "HeldOut":
        """Clips of `truth` (that of `nothing` for unknown signs) read as `guess`, each so surely."""
        for p in sure:
            row = np.full(len(LABELS), (1 - p) / (len(LABELS) - 1), np.float32)
            row[guess] = p
            self.rows.append(row)
            self.truth.append(truth)
            self.sources.append(source)
        return self

    def point(self) -> dict[str, Any]:
        return fit_operating_point(np.stack(self.rows), np.array(self.truth), np.array(self.sources), LABELS)

    def said(self, point: dict[str, Any]) -> NDArray[np.bool_]:
        """(N,): whether a word is said of each clip at that point."""
        table = np.stack(self.rows) ** (1 / point["temperature"])
        return is_emitted(table / table.sum(axis=1, keepdims=True), LABELS, {**point, "disabled": []})


def spread(low: float, high: float, count: int) -> Floats:
    return np.asarray(np.linspace(low, high, count), np.float32)


def known(count: int = 200, *labels: int, source: str = "a") -> HeldOut:
    """Words that are read rightly as often as the network is sure: it needs no other temperature."""
    clips, rng = HeldOut(), np.random.default_rng(0)
    for label in labels or (HELLO, YES, NO):
        for p in spread(0.7, 0.999, count):
            wrong = (label + 1) % 3 if (label + 1) % 3 in (labels or (HELLO, YES, NO)) else (label + 2) % 3
            clips.add(label, label if rng.random() < p else wrong, [float(p)], source)
    return clips


def test_of_unknown_signs_one_in_twenty_at_most_is_said() -> None:
    clips = known()
    for label in (HELLO, YES, NO):
        clips.add(NOTHING, label, spread(0.4, 0.97, 100))
    clips.add(NOTHING, NOTHING, spread(0.4, 0.97, 100))
    point = clips.point()
    said, unknown = clips.said(point), np.array(clips.truth) == NOTHING
    assert 0.005 < said[unknown].mean() <= 0.05
    assert said[~unknown].mean() > 0.15, "the floors are no higher than that asks for"


def test_only_the_word_that_others_are_taken_for_gets_a_higher_floor() -> None:
    point = known().add(NOTHING, YES, spread(0.5, 0.98, 200)).add(NOTHING, NOTHING, spread(0.5, 0.98, 50)).point()
    assert point["floors"]["yes"] > point["floors"]["hello"] + 0.1
    assert point["floors"]["hello"] == point["floors"]["no"] == 0.6, "less is too little for so few clips"
    assert "nothing" not in point["floors"]


def test_every_source_counts_alike() -> None:
    """A thousand quiet clips of one source do not outvote the twenty of another that are all taken for a word."""
    clips = known().add(NOTHING, NOTHING, spread(0.9, 0.99, 1000)).add(NOTHING, YES, spread(0.7, 0.98, 20), "b")
    assert clips.said(clips.point())[-20:].mean() <= 0.15
    alone = known().add(NOTHING, NOTHING, spread(0.9, 0.99, 1000)).add(NOTHING, YES, spread(0.7, 0.98, 20))
    assert alone.said(alone.point())[-20:].mean() > 0.5, "as clips of the same source they are few"


@pytest.mark.parametrize(
    ("right", "wrong", "disabled"), [(6, 4, []), (5, 5, []), (4, 6, ["no"]), (0, 3, ["no"]), (0, 0, ["no"])]
)
def test_a_word_read_wrongly_in_more_often_than_not_is_disabled(right: int, wrong: int, disabled: list[str]) -> None:
    clips = known(50, HELLO, YES).add(NO, NO, spread(0.7, 0.9, right)).add(NO, YES, spread(0.7, 0.9, wrong))
    assert clips.add(NOTHING, NOTHING, [0.9] * 20).point()["disabled"] == disabled


def test_a_word_that_is_second_to_nothing_is_not_disabled() -> None:
    """It stays unsaid often, which is no mistake."""
    clips = known(50, HELLO, YES)
    clips.add(NOTHING, NOTHING, [0.9] * 20)
    for _ in range(10):
        clips.add(NO, NOTHING, [0.8])
        clips.rows[-1] = np.array([0.05, 0.05, 0.3, 0.6], np.float32)
    assert clips.point()["disabled"] == []


def test_a_few_clips_do_not_decide_a_floor_alone() -> None:
    """Two mistakes in four clips are chance, a hundred in two hundred are not."""

    def floor_of_no(count: int) -> float:
        clips = known(300, HELLO, YES)
        clips.add(NO, NO, spread(0.7, 0.98, count)).add(NOTHING, NO, spread(0.7, 0.98, count))
        clips.add(NOTHING, YES, spread(0.7, 0.98, 60)).add(NOTHING, NOTHING, spread(0.7, 0.98, 600))
        return float(clips.point()["floors"]["no"])

    assert 0.6 <= floor_of_no(2) < floor_of_no(100)


def test_a_network_that_is_too_sure_is_calibrated() -> None:
    too_sure = HeldOut()
    for label in (HELLO, YES, NO):
        too_sure.add(label, label, [0.99] * 70).add(label, (label + 1) % 3, [0.99] * 30)
    too_sure.add(NOTHING, NOTHING, [0.99] * 50)
    assert too_sure.point()["temperature"] > 1.5
    rightly = HeldOut()
    for label in (HELLO, YES, NO):
        rightly.add(label, label, [0.7] * 70).add(label, (label + 1) % 3, [0.7] * 30)
    assert rightly.add(NOTHING, NOTHING, [0.99] * 50).point()["temperature"] == pytest.approx(1.0, abs=0.1)


def test_unknown_signs_do_not_calibrate() -> None:
    """The temperature is that of words; what is none is kept out by floors."""
    clips = known(100).add(NOTHING, NOTHING, [0.9] * 20)
    before = clips.point()["temperature"]
    assert clips.add(NOTHING, YES, [0.99] * 300).point()["temperature"] == before


@pytest.mark.parametrize(
    ("clips", "missing"),
    [
        (known(), "signs outside the vocabulary"),
        (HeldOut().add(NOTHING, NOTHING, [0.9, 0.8]), "words of the vocabulary"),
    ],
)
def test_floors_cannot_be_fitted_without_both(clips: HeldOut, missing: str) -> None:
    with pytest.raises(InputError, match=missing):
        clips.point()
