"""What the word model sees does not depend on camera, frame rate, or which hand leads."""

import numpy as np
import pytest

from edge.types import Floats, Landmarks
from edge.word_features import (
    CHANNELS,
    HAND_CHANNELS,
    POINTS,
    WORD_GRID_STEPS,
    frame_points,
    on_grid,
    raised,
    word_features,
)
from edge.words import LONGEST_SECONDS, active_span

WIDTH, HEIGHT = 640, 480


def person(width: int = WIDTH, height: int = HEIGHT) -> Floats:
    """(33, 4) a frontal body, 160 px between the shoulders of a picture of 640 x 480; scaled with it."""
    pose = np.full((33, 4), 0.5, np.float32)
    places = {0: (0, -80), 11: (80, 0), 12: (-80, 0), 13: (100, 100), 14: (-100, 100), 15: (90, 190), 16: (-90, 190)}
    for index, (x, y) in places.items():
        pose[index, :2] = (width / 2 + x * width / WIDTH) / width, (height / 2 + y * height / HEIGHT) / height
    return pose


def hand(x: float, y: float, seed: int = 1) -> Floats:
    """(21, 3) in store units of a 640 x 480 picture, wrist at x, y pixels."""
    points = np.random.default_rng(seed).uniform(-40, 40, (21, 3))
    points[0] = 0
    return ((points + np.array([x, y, 0])) / [WIDTH, HEIGHT, WIDTH]).astype(np.float32)


def seen(ts: float, *, right: Floats | None = None, left: Floats | None = None, body: bool = True) -> Landmarks:
    hands = np.full((2, 21, 3), np.nan, np.float32)
    if left is not None:
        hands[0] = left
    if right is not None:
        hands[1] = right
    pose = person() if body else np.full((33, 4), np.nan, np.float32)
    return Landmarks(ts, WIDTH, HEIGHT, hands, np.ones(2, np.float32), pose, 100.0)


def waving(fps: float, seconds: float = 3.0, start: float = 0.0) -> list[Landmarks]:
    """The right hand goes to and fro beside the head."""
    times = start + np.arange(round(seconds * fps) + 1) / fps
    return [seen(ts, right=hand(250 + 40 * np.sin(2 * np.pi * (ts - start)), 180)) for ts in times]


def points_of(frames: list[Landmarks]) -> tuple[np.ndarray, Floats]:
    return np.array([f.ts for f in frames]), np.stack([frame_points(f) for f in frames])


def window(frames: list[Landmarks], seconds: float = 1.6) -> Floats:
    """The window of the last so many seconds."""
    times, points = points_of(frames)
    return word_features(on_grid(times, points, times[-1] - seconds, times[-1]))


def mirrored(frame: Landmarks) -> Landmarks:
    """What a mirror shows: sides change names."""
    hands, pose = frame.hands[::-1].copy(), frame.pose.copy()
    hands[..., 0] = 1 - hands[..., 0]
    pose[:, 0] = 1 - pose[:, 0]
    for a, b in ((11, 12), (13, 14), (15, 16)):
        pose[[a, b]] = pose[[b, a]]
    return Landmarks(frame.ts, frame.width, frame.height, hands, frame.presence, pose, frame.brightness)


def test_a_window_has_its_size_and_no_hole() -> None:
    features = window(waving(30))
    assert features.shape == (WORD_GRID_STEPS, CHANNELS)
    assert np.isfinite(features).all()
    assert np.abs(features).max() <= 2


@pytest.mark.parametrize("fps", [8, 12, 15, 25])
def test_the_frame_rate_hardly_shows(fps: int) -> None:
    fast, slow = window(waving(30)), window(waving(fps))
    places = slice(HAND_CHANNELS - 15, HAND_CHANNELS - 6)
    assert np.abs(fast[1:-2, places] - slow[1:-2, places]).mean() < 0.03


def test_a_sign_made_slower_looks_the_same() -> None:
    slow = [seen(2 * f.ts, right=f.hands[1]) for f in waving(30)]
    np.testing.assert_allclose(window(waving(30)), window(slow, seconds=3.2), atol=1e-3)


def test_left_handers_and_mirrored_pictures_look_the_same() -> None:
    frames = waving(15)
    np.testing.assert_allclose(window(frames), window([mirrored(frame) for frame in frames]), atol=1e-4)


def test_size_place_and_shape_of_the_picture_do_not_matter() -> None:
    frames = waving(15)
    small = [
        Landmarks(
            f.ts, 320, 480, f.hands * [1, 0.5, 1] + [0, 0.3, 0], f.presence, f.pose * [1, 0.5, 1, 1] + [0, 0.3, 0, 0], 0
        )
        for f in frames
    ]
    np.testing.assert_allclose(window(frames), window(small), atol=1e-4)


def test_a_hand_lost_for_a_moment_is_carried_over_and_one_gone_is_gone() -> None:
    frames = waving(30)
    blurred = [seen(f.ts) if 2.0 < f.ts < 2.2 else f for f in frames]
    assert window(blurred)[:, 0].all()
    gone = [seen(f.ts) if f.ts > 2.0 else f for f in frames]
    flags = window(gone)[:, 0]
    assert flags[0] == 1
    assert not flags[-5:].any()
    assert np.abs(window(gone)[-5:, :HAND_CHANNELS]).max() == 0


def test_a_hand_without_a_body_still_has_a_place() -> None:
    frames = [seen(f.ts, right=f.hands[1], body=False) for f in waving(15)]
    features = window(frames)
    assert np.isfinite(features).all()
    assert features[:, 0].all()
    assert not features[:, -11:].any()


def test_the_hand_that_does_more_leads() -> None:
    resting = hand(400, 420, seed=2)
    frames = [seen(f.ts, right=f.hands[1], left=resting) for f in waving(15)]
    assert np.ptp(window(frames)[:, HAND_CHANNELS - 15]) > 0.1
    left_led = [mirrored(frame) for frame in frames]
    np.testing.assert_allclose(window(left_led), window(frames), atol=1e-4)


def test_nobody_is_all_zero() -> None:
    empty = [seen(ts, body=False) for ts in np.arange(20) / 10]
    assert not window(empty).any()


def test_the_grid_goes_from_beginning_to_end() -> None:
    times = np.arange(WORD_GRID_STEPS) / 15
    points = np.zeros((WORD_GRID_STEPS, POINTS, 3), np.float32)
    points[..., 0] = np.arange(WORD_GRID_STEPS)[:, None]
    grid = on_grid(times, points, times[0], times[-1])
    np.testing.assert_allclose(grid[:, 0, 0], np.arange(WORD_GRID_STEPS), atol=1e-3)
    beyond = on_grid(times, points, times[0] - 1, times[-1])
    assert np.isnan(beyond[0]).all()
    assert np.isfinite(beyond[-1]).all()


def test_a_sign_lasts_from_the_first_raised_hand_to_the_last() -> None:
    resting, up = hand(250, 470), hand(250, 200)
    frames = [seen(ts, right=up if 1.0 <= ts <= 2.0 else resting) for ts in np.arange(45) / 15]
    times, points = points_of(frames)
    span = active_span(times, points)
    assert span == pytest.approx((1.0, 2.0), abs=0.01)
    assert raised(points).sum() == 16
    assert active_span(times[:10], points[:10]) is None
    long = [seen(ts, right=up) for ts in np.arange(120) / 15]
    start, end = active_span(*points_of(long)) or (0, 0)
    assert end - start == pytest.approx(LONGEST_SECONDS)
