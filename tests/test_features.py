"""The letter features see the sign, not the camera: place, size, aspect ratio, side and frame rate are gone."""

import numpy as np
import pytest

from edge.features import FEATURE_SIZE, LETTER_GRID_STEPS, MOTION_CHANNELS, canonical, letter_features, shape_features
from edge.types import SIDES, Floats, Landmarks, Window
from edge.windows import LetterWindows

NOBODY = np.full((33, 4), np.nan, np.float32)


def hand(seed: int = 0) -> Floats:
    """(21, 3) a hand-like set of points in pixels of a 1000 px picture, wrist at the origin, fingers up."""
    rng = np.random.default_rng(seed)
    points = np.zeros((21, 3), np.float32)
    for finger in range(5):
        direction = np.array([0.4 * (finger - 2), -1.0, 0.1 * rng.normal()])
        for joint in range(4):
            points[1 + 4 * finger + joint] = direction * (60 + 25 * joint) + rng.normal(0, 3, 3)
    return points


def landmarks(
    points: Floats,
    ts: float = 0.0,
    side: str = "right",
    width: int = 640,
    height: int = 480,
    place: tuple[float, float] = (300, 300),
) -> Landmarks:
    """A frame that shows `points` (pixels) as one hand; a left hand is the mirror image of the same sign."""
    pixels = points * ([-1, 1, 1] if side == "left" else [1, 1, 1]) + [*place, 0]
    hands = np.full((2, 21, 3), np.nan, np.float32)
    hands[SIDES.index(side)] = pixels / [width, height, width]
    seen = (~np.isnan(hands[:, 0, 0])).astype(np.float32)
    return Landmarks(ts=ts, width=width, height=height, hands=hands, presence=seen, pose=NOBODY, brightness=100.0)


def window_of(*frames: Landmarks) -> Window:
    windows = LetterWindows()
    window = [windows.step(frame) for frame in frames][-1]
    assert window is not None
    return window


def moving(fps: float, seconds: float = 2.5, **kwargs: object) -> list[Landmarks]:
    """A hand on a curved way, seen at some frame rate; the last frame always at `seconds`."""
    times = np.arange(round(seconds * fps) + 1) / fps
    ways = [(300 + 60 * np.sin(2.2 * t), 300 + 40 * np.cos(1.7 * t)) for t in times]
    return [landmarks(hand(), ts=float(t), place=way, **kwargs) for t, way in zip(times, ways, strict=True)]


def test_left_and_right_hands_give_the_same_features() -> None:
    right, left = window_of(landmarks(hand())), window_of(landmarks(hand(), side="left"))
    np.testing.assert_allclose(left.features, right.features, atol=1e-4)
    assert (left.hand, right.hand) == ("left", "right")


@pytest.mark.parametrize(("width", "height"), [(640, 480), (1280, 720), (480, 480), (720, 1280)])
def test_the_aspect_ratio_of_the_picture_does_not_matter(width: int, height: int) -> None:
    seen = window_of(landmarks(hand(), width=width, height=height))
    np.testing.assert_allclose(seen.features, window_of(landmarks(hand())).features, atol=1e-4)


def test_place_and_size_do_not_matter() -> None:
    far = window_of(landmarks(hand() * 0.4, place=(500, 120)))
    np.testing.assert_allclose(far.features, window_of(landmarks(hand())).features, atol=1e-4)


def test_a_still_is_a_repeated_frame() -> None:
    alone = window_of(landmarks(hand()))
    held = window_of(*(landmarks(hand(), ts=i / 30) for i in range(90)))
    np.testing.assert_allclose(held.features, alone.features, atol=1e-5)
    assert alone.motion.speed == alone.motion.shape_speed == 0
    assert held.motion.speed < 1e-3


@pytest.mark.parametrize("fps", [30, 100])
def test_only_the_last_two_seconds_count_however_long_the_hand_was_followed(fps: int) -> None:
    frames = moving(fps, seconds=12.0)
    long, short = window_of(*frames), window_of(*frames[-int(2.1 * fps) :])
    np.testing.assert_allclose(long.features, short.features, atol=1e-5)
    assert long.motion.quick_speed == pytest.approx(short.motion.quick_speed, rel=1e-4)
    assert long.motion.palm_width == pytest.approx(short.motion.palm_width, rel=1e-5)
    assert short.motion.palm_share == pytest.approx(short.motion.palm_width / 640)
    assert long.motion.seconds == pytest.approx(12.0)


def test_frames_beyond_any_camera_are_forgotten_instead_of_piled_up() -> None:
    window = window_of(*(landmarks(hand(), ts=i / 2000) for i in range(5000)))
    np.testing.assert_allclose(window.features, window_of(landmarks(hand())).features, atol=1e-5)
    assert window.motion.seconds == pytest.approx(4999 / 2000)


@pytest.mark.parametrize("fps", [8, 10, 15, 25])
def test_the_frame_rate_does_not_matter(fps: float) -> None:
    fast, slow = window_of(*moving(30)), window_of(*moving(fps))
    assert np.abs(fast.features - slow.features).max() < 0.05
    assert slow.motion.speed == pytest.approx(fast.motion.speed, rel=0.25)


def test_replay_speed_of_the_clock_does_not_matter() -> None:
    later = [landmarks(hand(), ts=1.7e9 + i / 30, place=(300 + i, 300)) for i in range(60)]
    now = [landmarks(hand(), ts=i / 30, place=(300 + i, 300)) for i in range(60)]
    np.testing.assert_allclose(window_of(*later).features, window_of(*now).features, atol=1e-3)


def test_a_cut_is_no_motion() -> None:
    before = [landmarks(hand(), ts=i / 30, place=(100, 100)) for i in range(30)]
    after = landmarks(hand(1), ts=1.0, place=(600, 400))
    cut = window_of(*before, after)
    np.testing.assert_allclose(cut.features, window_of(after).features, atol=1e-5)
    assert cut.motion.seconds == 0


def test_a_short_loss_keeps_the_past_and_a_long_one_forgets_it() -> None:
    lost = landmarks(np.full((21, 3), np.nan, np.float32), ts=0.5)
    before = [landmarks(hand(), ts=i / 30, place=(200 + i, 300)) for i in range(15)]
    windows = LetterWindows()
    assert [windows.step(frame) for frame in before][-1] is not None
    assert windows.step(lost) is None
    blinked = window_of(*before, lost, landmarks(hand(), ts=0.6, place=(220, 300)))
    gone = window_of(*before, landmarks(hand(), ts=0.9, place=(220, 300)))
    assert blinked.motion.seconds == pytest.approx(0.6)
    assert gone.motion.seconds == 0


def test_the_higher_hand_spells_and_a_glance_at_the_other_does_not_switch() -> None:
    def both(ts: float, left_y: float, right_y: float) -> Landmarks:
        left, right = landmarks(hand(), ts, "left", place=(450, left_y)), landmarks(hand(), ts, place=(150, right_y))
        hands = np.where(np.isnan(left.hands), right.hands, left.hands)
        return Landmarks(ts, 640, 480, hands, np.ones(2, np.float32), NOBODY, 100.0)

    windows = LetterWindows()
    sides = [windows.step(both(i / 30, 200, 420)).hand for i in range(30)]
    sides += [windows.step(both(1 + i / 30, 420, 200)).hand for i in range(30)]
    assert sides[0] == sides[29] == "left"
    assert sides[32] == "left", "a hand that was higher for a moment only must not take over"
    assert sides[-1] == "right"


def test_windows_and_batches_compute_the_same() -> None:
    grid = np.stack(
        [np.stack([canonical(hand(s) / [640, 480, 640], 640, 480, "right")] * LETTER_GRID_STEPS) for s in range(4)]
    )
    together = letter_features(grid)
    assert together.shape == (4, FEATURE_SIZE)
    for row, window in zip(together, grid, strict=True):
        np.testing.assert_allclose(row, letter_features(window), atol=1e-6)
        np.testing.assert_allclose(row[: -LETTER_GRID_STEPS * MOTION_CHANNELS], shape_features(window[-1]), atol=1e-6)


def test_no_hand_gives_no_window() -> None:
    assert LetterWindows().step(landmarks(np.full((21, 3), np.nan, np.float32))) is None


def test_broken_points_stay_finite() -> None:
    for points in (np.zeros((21, 3), np.float32), np.full((21, 3), 1e6, np.float32)):
        assert np.isfinite(window_of(landmarks(points)).features).all()
