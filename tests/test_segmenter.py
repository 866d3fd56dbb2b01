"""A sign ends when the hands go down, sink or come to rest, and the next one begins when they move again."""

from collections.abc import Sequence

import numpy as np
import pytest
from word_store import body

from edge.segmenter import Segmenter, Span
from edge.types import Floats, Landmarks
from edge.word_features import frame_points

FPS = 30
HAND = np.linspace([-0.03, -0.1, 0], [0.03, 0.05, 0], 21)
SHOULDERS_Y, SHOULDER_WIDTH = 0.5, 0.24 * 640 / 480
"""Of `body(0)`, in picture heights."""
CHEST, BELLY, LAP = 0.3, 1.0, 1.6
"""Shoulder widths under the shoulders."""


def follow(segmenter: Segmenter, places: Sequence[tuple[float, float] | None], start: float = 0.0) -> list[Span]:
    """The spans that a right hand makes which is at (x, shoulder widths under the shoulders), a frame each."""
    spans = []
    for k, place in enumerate(places):
        spans.append(segmenter.step(start + k / FPS, points_of(place)))
    return [span for span in spans if span is not None]


def points_of(place: tuple[float, float] | None) -> Floats:
    """A frame's: a right hand at (x, shoulder widths under the shoulders), or none."""
    hands = np.full((2, 21, 3), np.nan, np.float32)
    if place is not None:
        hands[1] = HAND + np.array([place[0], SHOULDERS_Y + place[1] * SHOULDER_WIDTH, 0])
    presence = np.isfinite(hands[:, 0, 0]).astype(np.float32)
    return frame_points(Landmarks(0.0, 640, 480, hands, presence, body(0), 128.0))


def sign(seconds: float = 0.8, height: float = CHEST) -> list[tuple[float, float] | None]:
    """The hand goes to and fro."""
    return [(0.4 + 0.15 * np.sin(7 * k / FPS), height) for k in range(round(seconds * FPS))]


def move(start: float, end: float, seconds: float = 0.2) -> list[tuple[float, float] | None]:
    """The hand sinks or rises from one height to another."""
    return [(0.4, height) for height in np.linspace(start, end, round(seconds * FPS))]


def stay(height: float | None, seconds: float) -> list[tuple[float, float] | None]:
    return [None if height is None else (0.4, height)] * round(seconds * FPS)


@pytest.mark.parametrize("rest", [None, LAP])
def test_a_sign_ends_when_the_hand_goes_down(rest: float | None) -> None:
    (span,) = follow(Segmenter(), [*stay(None, 0.5), *sign(), *stay(rest, 0.5)])
    assert span.final
    assert span.end == pytest.approx(1.3, abs=0.05)


@pytest.mark.parametrize(("frames", "begun"), [(2, (1.0,)), (5, (0.75, 1.0)), (24, (0.75, 1.0))])
def test_a_hand_that_comes_up_may_have_begun_earlier(frames: int, begun: tuple[float, ...]) -> None:
    """Not one that is seen for two frames: that may be no hand."""
    (span,) = follow(Segmenter(), [*stay(None, 1.0), *sign()[:frames], *stay(None, 0.5)])
    assert span.starts == pytest.approx(begun)


@pytest.mark.parametrize(("gone", "ended"), [(6, 0), (9, 1)])
def test_blur_hides_a_hand_for_a_fifth_of_a_second(gone: int, ended: int) -> None:
    assert len(follow(Segmenter(), [*sign(), *[None] * gone])) == ended


@pytest.mark.parametrize(("height", "ended"), [(0.53, 0), (0.63, 1)])
def test_a_hand_sinks_from_the_chest_towards_the_belly(height: float, ended: int) -> None:
    """The middle of this hand is 0.08 higher than its wrist."""
    wiggling: list[tuple[float, float] | None] = [(0.4 + 0.02 * np.sin(9 * k / FPS), height) for k in range(FPS)]
    assert len(follow(Segmenter(), [*sign(), *move(CHEST, height), *wiggling])) == ended


@pytest.mark.parametrize(("frames", "ended"), [(2, 0), (3, 1)])
def test_a_hand_has_sunk_that_stays_low_for_a_tenth_of_a_second(frames: int, ended: int) -> None:
    dipping = [*sign(), *stay(BELLY, frames / FPS), *sign()]
    assert len(follow(Segmenter(), dipping, start=0.01)) == ended


@pytest.mark.parametrize(("pause", "another"), [(0.8, False), (1.3, True)])
def test_a_pause_lasts_a_second(pause: float, another: bool) -> None:
    held, again = follow(Segmenter(), [*sign(), *stay(CHEST, pause), *sign(), *stay(CHEST, 0.6)])
    assert (again.utterance > held.utterance) is another


def test_a_hand_that_is_hidden_for_a_moment_ends_nothing() -> None:
    spans = follow(Segmenter(), [*sign(), *stay(None, 0.2), *sign()])
    assert spans == []


def test_a_hand_that_comes_back_soon_goes_on_with_a_sign_of_which_nothing_was_said() -> None:
    segmenter = Segmenter()
    (lost, whole) = follow(segmenter, [*sign(), *stay(None, 0.4), *sign(), *stay(None, 0.4)])
    assert lost.starts[0] == whole.starts[0] == 0.0
    assert lost.utterance == whole.utterance
    assert whole.end > 1.9


def test_it_goes_on_though_the_hand_sank_before_it_was_lost() -> None:
    (sunk, lost, whole) = follow(
        Segmenter(), [*sign(), *move(CHEST, BELLY), *stay(BELLY, 0.4), *stay(None, 0.4), *sign(), *stay(None, 0.4)]
    )
    assert sunk.starts[0] == lost.starts[0] == whole.starts[0] == 0.0


@pytest.mark.parametrize("said", [True, False])
def test_another_sign_begins_after_a_word_or_a_rest(said: bool) -> None:
    segmenter = Segmenter()
    (first,) = follow(segmenter, [*sign(), *stay(None, 0.4)])
    if said:
        segmenter.said(1.2)
    away = 0.2 if said else 0.8
    (second,) = follow(segmenter, [*stay(None, away), *sign(), *stay(None, 0.4)], start=1.2)
    assert second.starts == (pytest.approx(0.95 + away), pytest.approx(1.2 + away))
    assert second.utterance > first.utterance


@pytest.mark.parametrize(("rest", "another"), [(None, False), (LAP, True)])
def test_a_hand_that_was_seen_in_the_lap_makes_another_sign_at_once(rest: float | None, another: bool) -> None:
    """One that was lost may be in the middle of a sign that was said already."""
    segmenter = Segmenter()
    (held,) = follow(segmenter, [*sign(), *stay(CHEST, 0.5)])
    segmenter.said(1.3)
    _, again = follow(segmenter, [*stay(rest, 0.4), *sign(), *stay(rest, 0.4)], start=1.3)
    assert (again.utterance > held.utterance) is another


def test_shoulders_that_flicker_neither_raise_nor_sink_a_hand() -> None:
    segmenter = Segmenter()
    spans = []
    for k, place in enumerate([*sign(), *move(CHEST, BELLY), *stay(BELLY, 3.0)]):
        seen = points_of(place)
        seen[43:45] = np.nan if k % 10 == 0 else seen[43:45]
        spans.append(segmenter.step(k / FPS, seen))
    assert len([span for span in spans if span is not None]) == 2


def test_a_fast_camera_shortens_no_sign() -> None:
    segmenter = Segmenter()
    spans = [segmenter.step(k / 120, points_of((0.4 + 0.15 * np.sin(7 * k / 120), 0.0))) for k in range(120 * 4)]
    spans.append(segmenter.finish(4.0))
    assert spans[-1] is not None
    assert spans[-1].end - spans[-1].starts[0] == pytest.approx(3.5)


def test_a_hand_that_sinks_to_rest_in_sight_has_ended_a_sign_within_half_a_second() -> None:
    """Before the belly a hand may sign; one that came from above and stays has sunk."""
    sunk = len([*sign(), *move(CHEST, BELLY)])
    places = [*sign(), *move(CHEST, BELLY), *stay(BELLY, 2.0)]
    spans = follow(Segmenter(), places[: sunk + round(0.25 * FPS)])
    assert [span.final for span in spans] == [False]
    assert spans[0].end == pytest.approx(0.83, abs=0.05), "the way down to the belly is no part of it"
    assert len(follow(Segmenter(), places)) == 2, "and once more where it rests, for signs that are made low"


def test_a_hand_that_rises_again_begins_another_sign() -> None:
    segmenter = Segmenter()
    first, *_, last = follow(
        segmenter, [*sign(), *move(CHEST, BELLY), *stay(BELLY, 0.8), *move(BELLY, CHEST), *sign(), *stay(None, 0.4)]
    )
    assert last.utterance > first.utterance
    assert min(last.starts) > first.end


def test_a_sign_that_is_made_low_ends_too() -> None:
    spans = follow(Segmenter(), [*stay(LAP, 0.5), *sign(height=BELLY), *stay(BELLY, 0.8)])
    assert [span.final for span in spans] == [False]
    assert spans[0].end == pytest.approx(1.75, abs=0.12)


def test_a_hand_that_stands_still_has_ended_a_sign_once() -> None:
    spans = follow(Segmenter(), [*sign(), *stay(CHEST, 3.0)])
    assert [span.final for span in spans] == [False]
    assert spans[0].end == pytest.approx(1.2, abs=0.12), "how it is held is part of the sign"


def test_what_moves_after_a_hold_may_be_the_same_sign_or_another() -> None:
    segmenter = Segmenter()
    held, whole = follow(segmenter, [*sign(), *stay(CHEST, 0.6), *sign(), *stay(None, 0.4)])
    assert held.starts[-1] == 0.0
    assert whole.starts == (0.0, pytest.approx(1.3, abs=0.2))
    assert whole.utterance == held.utterance


def test_after_a_pause_it_is_another() -> None:
    held, other = follow(Segmenter(), [*sign(), *stay(CHEST, 1.5), *sign(), *stay(CHEST, 0.6)])
    assert other.starts == (pytest.approx(2.2, abs=0.2),)
    assert other.utterance > held.utterance


def test_to_lower_the_hand_after_a_pause_is_no_other_sign() -> None:
    held, lowered = follow(Segmenter(), [*sign(), *stay(CHEST, 1.5), *move(CHEST, LAP, 0.4), *stay(LAP, 0.4)])[:2]
    assert lowered.utterance == held.utterance


def test_a_word_that_was_said_while_held_is_no_part_of_the_next() -> None:
    segmenter = Segmenter()
    (held,) = follow(segmenter, [*sign(), *stay(CHEST, 0.6)])
    segmenter.said(1.4)
    (following,) = follow(segmenter, [*sign(), *stay(None, 0.4)], start=1.4)
    assert min(following.starts) >= 1.1
    assert following.utterance == held.utterance, "it may be the same one going on"


def test_of_a_long_span_the_end_counts() -> None:
    (span,) = follow(Segmenter(), [*sign(6.0), *stay(None, 0.4)])
    assert span.end - min(span.starts) == pytest.approx(3.5)


def test_a_source_that_ends_ends_the_sign_and_only_once() -> None:
    segmenter = Segmenter()
    assert follow(segmenter, sign()) == []
    span = segmenter.finish(0.8)
    assert span is not None
    assert span.final
    assert segmenter.finish(0.8) is None


def test_what_a_long_pause_cut_is_not_read_when_the_source_ends() -> None:
    segmenter = Segmenter()
    follow(segmenter, sign())
    assert segmenter.finish(60.0) is None


def test_two_recordings_are_two_utterances() -> None:
    segmenter = Segmenter()
    recording = [*sign(), *stay(None, 0.4)]
    (first,), (second,) = follow(segmenter, recording), follow(segmenter, recording)
    assert (first.starts, first.end) == (second.starts, second.end)
    assert first.utterance != second.utterance


def test_a_clock_that_jumps_begins_anew() -> None:
    segmenter = Segmenter()
    follow(segmenter, sign())
    (span,) = follow(segmenter, [*sign(), *stay(None, 0.4)], start=60.0)
    assert span.starts[-1] == 60.0
    assert len(segmenter.times) == len(segmenter.points) == len([*sign(), *stay(None, 0.4)])


def test_a_word_said_soon_after_a_pause_is_not_said_again_while_held() -> None:
    """Its hold began before the hand had moved for long enough to tell that it was not only lowered."""
    segmenter = Segmenter()
    follow(segmenter, [*sign(), *stay(CHEST, 1.5), *sign(0.2)])
    (held,) = follow(segmenter, stay(CHEST, 0.6), start=2.5)
    segmenter.said(3.1)
    (again,) = follow(segmenter, [*sign(0.4), *stay(CHEST, 0.6)], start=3.1)
    assert again.utterance == held.utterance
