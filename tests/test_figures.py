"""Figures of an evaluation: the forced choice is accuracy, `nothing` is a rejection."""

from typing import Any

import numpy as np

from training.figures import Judgement, figures_at, summary

LABELS = ("A", "B", "nothing")
POINT = {"floor": 0.5}


def _judged(label: str, *probabilities: float) -> Judgement:
    return Judgement(label, "someone", "someone's", np.array(probabilities, np.float32))


def _figures(judged: list[Judgement]) -> dict[str, Any]:
    return figures_at(POINT, judged, LABELS)


def test_a_letter_that_is_second_to_nothing_is_read_and_not_said() -> None:
    report = _figures([_judged("A", 0.3, 0.1, 0.6), _judged("B", 0.1, 0.9, 0.0)])
    assert report["accuracy"] == 1.0
    assert report["accuracy_with_nothing"] == 0.5
    assert report["nothing_first"] == 0.5
    assert report["coverage"] == 0.5
    assert report["wrong_confident"] == 0.0


def test_a_clip_without_a_hand_is_no_letter() -> None:
    report = _figures([_judged("A", 0.0, 0.0, 1.0)])
    assert report["accuracy"] == 0.0
    assert report["confusion"] == {"A": {"nothing": 1}}


def test_calibration_is_of_the_best_answer_nothing_among_them() -> None:
    """What is compared with its probability is what the model says first."""
    sure = [_judged("A", 0.0, 0.2, 0.8), _judged("A", 0.8, 0.1, 0.1), _judged("B", 0.0, 1.0, 0.0)]
    assert _figures(sure)["ece"] == round((abs(0.8 - 0.5) * 2 + abs(1.0 - 1.0)) / 3, 5)


def test_a_clip_without_a_hand_was_not_surely_anything() -> None:
    assert _figures([_judged("A", 0.0, 0.0, 1.0)])["ece"] == 0.0


def test_a_label_that_got_nothing_is_not_among_the_five_likeliest() -> None:
    """Of a clip without a hand, and of a network that is sure, most labels have no part."""
    labels = (*"ABCDEFGH", "nothing")

    def row(**probabilities: float) -> list[float]:
        return [probabilities.get(label, 0.0) for label in labels]

    unseen, sure = row(nothing=1.0), row(A=0.9, C=0.1)
    even = row(A=0.3, B=0.2, C=0.2, D=0.1, E=0.1, F=0.05, G=0.05)
    cases = [("H", unseen, 0.0), ("G", sure, 0.0), ("C", sure, 1.0), ("E", even, 1.0), ("F", even, 0.0)]
    for label, probabilities, hit in cases:
        assert figures_at(POINT, [_judged(label, *probabilities)], labels)["top5"] == hit, label


def test_what_is_said_and_wrong_is_counted_of_all_clips() -> None:
    judged = [_judged("A", 0.1, 0.9, 0.0), _judged("A", 0.45, 0.4, 0.15), _judged("B", 0.0, 1.0, 0.0)]
    report = _figures(judged)
    assert report["wrong_confident"] == round(1 / 3, 5)
    assert report["accuracy_covered"] == 0.5
    assert report["confusion"]["A"] == {"B": 1, "A": 1}


def test_of_no_clip_every_figure_is_there_and_undefined() -> None:
    report, some = _figures([]), _figures([_judged("A", 0.9, 0.1, 0.0)])
    assert set(report) == set(some)
    assert report["n"] == 0
    assert {report[key] for key, value in some.items() if isinstance(value, float)} == {None}
    assert [report[key] for key, value in some.items() if isinstance(value, dict)] == [{}] * 4
    assert "accuracy               None" in summary(report)


def test_how_right_nothing_is_when_nothing_is_said_is_undefined() -> None:
    assert _figures([_judged("A", 0.1, 0.1, 0.8)])["accuracy_covered"] is None


def test_the_table_for_people_has_what_the_report_has() -> None:
    report = _figures([_judged("A", 0.9, 0.1, 0.0), _judged("B", 0.9, 0.1, 0.0)])
    lines = summary(report | {"groups": {"core": {"raw": 0.5}}}).splitlines()
    assert f"{'accuracy':22} 0.5" in lines
    assert "core: {'raw': 0.5}" in lines
    assert lines[-2:] == ["per_label", "  A 1.000  B 0.000"]
    assert not any(line.startswith("confusion") for line in lines)
