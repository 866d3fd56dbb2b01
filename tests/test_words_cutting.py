"""Windows as the segmenter cuts them, and where hands rest between two signs."""

from dataclasses import replace

import numpy as np
import pytest
from word_store import clip

from edge.features import palm_length
from edge.types import Floats
from edge.word_features import BODY, LEFT, RIGHT
from edge.words import active_span
from training.words import cutting
from training.words.cutting import cut
from training.words.data import Track, shoulders, track_of
from training.words.resting import lowered, trembling

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def sign() -> Track:
    """Twenty frames of a right hand that comes up and signs."""
    return track_of(clip("hello", 1, 0, "webcam_made1"), "hello")


def cuts(track: Track, count: int = 60, *, whole: bool = True) -> list[cutting.Cut]:
    rng = np.random.default_rng(1)
    made = [cut(track.times, track.points, rng, whole=whole) for _ in range(count)]
    return [part for part in made if part is not None]


def sides(points: Floats) -> Floats:
    """(T,): how far to the side the right wrist is."""
    return points[:, RIGHT.start, 0]


def test_most_recordings_of_a_sign_are_cut_and_with_other_rests_each_time(sign: Track) -> None:
    parts = cuts(sign)
    assert len(parts) > 45
    assert len({(round(part.start, 2), round(part.end, 2)) for part in parts}) > 10


def test_the_sign_itself_is_unchanged_and_its_times_rise(sign: Track) -> None:
    for part in cuts(sign):
        assert (np.diff(part.times) > 0).all()
        first = int(np.flatnonzero(part.times == sign.times[0])[0])
        kept = slice(first, first + len(sign.times))
        np.testing.assert_array_equal(part.points[kept], sign.points)
        assert first >= 10
        assert len(part.times) - kept.stop >= 10


def test_hands_rest_out_of_sight_before_the_belly_or_where_they_were(sign: Track) -> None:
    middle, width = shoulders(sign.points)
    depths, gone, still = [], 0, 0
    for part in cuts(sign, 90):
        wrist = part.points[-1, RIGHT.start]
        gone += int(np.isnan(wrist[0]))
        if np.isfinite(wrist[0]):
            depths.append((wrist[1] - middle[1]) / width)
            still += int(np.abs(wrist - sign.points[-1, RIGHT.start]).max() < 0.2 * width)
    assert gone > 10
    assert still > 10
    assert sum(0.7 < depth < 1.25 for depth in depths) > 10


def test_what_is_cut_shows_the_whole_sign_or_all_but_what_is_held(sign: Track) -> None:
    still = np.repeat(sign.points[-1:], 25, axis=0)
    held = replace(sign, times=np.arange(45) / 15, points=np.concatenate([sign.points, still]))
    span = active_span(sign.times, sign.points)
    assert span is not None
    parts = cuts(held)
    assert all(part.start < span[0] + 0.4 * (span[1] - span[0]) for part in parts)
    assert all(part.end > span[0] + 0.7 * (span[1] - span[0]) for part in parts)
    assert any(part.end < 2.5 for part in parts), "while it is held, not at its end"


def test_of_what_is_no_word_any_piece_will_do(sign: Track) -> None:
    still = np.repeat(sign.points[-1:], 20, axis=0)
    points = np.concatenate([sign.points, still, sign.points[::-1]])
    twice = replace(sign, times=np.arange(60) / 15, points=points)
    whole = [part for part in cuts(twice) if part.end - part.start < 1.5]
    pieces = [part for part in cuts(twice, whole=False) if part.end - part.start < 1.5]
    assert not whole
    assert pieces


@pytest.mark.parametrize("missing", [slice(0, BODY.start), BODY])
def test_nobody_and_nobodys_hands_are_not_cut(sign: Track, missing: slice) -> None:
    points = sign.points.copy()
    points[:, missing] = np.nan
    assert cut(sign.times, points, RNG, whole=True) is None


def test_hands_that_lie_lower_already_stay_where_they_are() -> None:
    hands = np.zeros((2, 21, 3), np.float32)
    hands[0, :, 1], hands[1] = 100, np.nan
    assert lowered(hands, 300)[0, 0, 1] == 300
    assert lowered(hands, 50)[0, 0, 1] == 100
    both = np.stack([hands[0], hands[0] + np.array([0, 80, 0], np.float32)])
    assert lowered(both, 300)[:, 0, 1].tolist() == [300, 380], "the higher one is lowered so far, the other with it"


def test_hands_at_rest_tremble_by_a_hundredth_of_a_palm(sign: Track) -> None:
    still = np.repeat(sign.points[:1, RIGHT], 400, axis=0)
    seen = trembling(still, np.random.default_rng(2))
    assert seen.std(axis=0).mean() == pytest.approx(0.01 * palm_length(still[0]), rel=0.1)
    assert np.isnan(trembling(np.full((2, 21, 3), np.nan, np.float32), RNG)).all()


def test_the_left_hand_is_cut_as_the_right_one_is(sign: Track) -> None:
    points = sign.points.copy()
    points[:, LEFT], points[:, RIGHT] = sign.points[:, RIGHT], np.nan
    assert cut(sign.times, points, np.random.default_rng(1), whole=True) is not None


def test_the_hand_comes_from_its_rest_which_is_elsewhere(sign: Track) -> None:
    _, width = shoulders(sign.points)
    wrist, strays = sign.points[0, RIGHT.start], []
    for part in cuts(sign, 90):
        first = int(np.flatnonzero(part.times == sign.times[0])[0])
        coming = np.linalg.norm(part.points[:first, RIGHT.start, :2] - wrist[:2], axis=1) / width
        if np.isfinite(coming).all():
            step = (coming[0] - coming[-1]) / (part.times[first] - part.times[0])
            assert coming[-1] <= 0.4 * coming[0] + 0.05, "the nearer in time, the nearer"
            assert step >= -0.1
            strays.append(coming[0])
    assert 0.4 < np.mean(strays) < 1.1


def shown(share: float, left_out: float) -> bool:
    """Whether a part shows a sign of two seconds of which it has a share, and leaves out so many palm lengths."""
    times = np.arange(31) / 15
    points = np.repeat(track_of(clip("hello", 1, 0, "webcam_made1"), "hello").points[:1], 31, axis=0)
    size = float(palm_length(points[0, RIGHT]))
    last = times > 2 * share
    points[last, RIGHT, 0] += size * np.linspace(0, left_out, int(last.sum()))[:, None]
    return cutting._shows((-0.2, 2 * share), (0.0, 2.0), times, points)


def test_a_part_shows_a_sign_if_it_has_three_quarters_or_the_rest_is_still() -> None:
    assert shown(0.8, 3.0)
    assert not shown(0.7, 3.0)
    assert shown(0.3, 0.4)
    assert not shown(0.3, 0.6)
    assert not cutting._shows((3.0, 4.0), (0.0, 2.0), np.arange(31) / 15, np.zeros((31, 49, 3), np.float32))


def test_rests_begin_where_hands_were_seen_last(sign: Track) -> None:
    nobody = np.repeat(sign.points[:1], 10, axis=0)
    nobody[:, : BODY.start] = np.nan
    points = np.concatenate([nobody, sign.points, nobody])
    padded = replace(sign, times=np.arange(40) / 15, points=points)
    for part in cuts(padded):
        first = int(np.flatnonzero(np.isclose(part.times, 10 / 15))[0])
        np.testing.assert_array_equal(part.points[first : first + 20], sign.points)
        assert first <= 18, "a second of rest at most, not the empty frames and a rest before them"


def test_hands_that_are_never_up_are_not_cut(sign: Track) -> None:
    _, width = shoulders(sign.points)
    points = sign.points.copy()
    points[:, : BODY.start, 1] += 4 * width
    assert cut(sign.times, points, RNG, whole=False) is None


def test_times_that_stand_still_are_left_out(sign: Track) -> None:
    times = sign.times.copy()
    times[5:8] = times[5]
    parts = cuts(replace(sign, times=times))
    assert parts
    assert all((np.diff(part.times) > 1e-3).all() for part in parts)
