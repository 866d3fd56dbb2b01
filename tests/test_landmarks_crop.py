"""Regions: what is cut out lies where it is said to lie, and comes back there."""

import math

import cv2
import numpy as np
import pytest

from edge.landmarks.crop import Region, covering_square, crop_into, to_picture, upright_angle


@pytest.mark.parametrize("angle", [0.0, 0.4, -1.2, math.pi])
@pytest.mark.parametrize("size", [60.0, 150.0, 400.0])
def test_a_dot_found_in_a_crop_is_where_it_was_in_the_picture(angle: float, size: float) -> None:
    image = np.zeros((300, 400, 3), np.uint8)
    dot = np.array([210.0, 140.0])
    cv2.circle(image, (210, 140), 4, (255, 255, 255), -1)
    region = Region(200, 150, size, angle)
    crop = np.empty((128, 128, 3), np.uint8)
    crop_into(image, region, crop)
    rows, columns = np.nonzero(crop[:, :, 0] > 127)
    found = np.array([[columns.mean(), rows.mean(), 7.0]], np.float32)
    back = to_picture(found, region, 128)
    assert np.abs(back[0, :2] - dot).max() < max(1.0, size / 128)
    assert back[0, 2] == pytest.approx(7.0 * size / 128)


def test_a_turned_region_is_cut_out_upright() -> None:
    """A line from the region's middle along its own up direction goes up in the crop."""
    angle = upright_angle(np.array([100, 100], np.float32), np.array([160, 100], np.float32))
    assert angle == pytest.approx(math.pi / 2), "pointing right needs a quarter turn"
    image = np.zeros((200, 200, 3), np.uint8)
    cv2.line(image, (100, 100), (160, 100), (255, 255, 255), 3)
    crop = np.empty((100, 100, 3), np.uint8)
    crop_into(image, Region(100, 100, 160, angle), crop)
    rows, columns = np.nonzero(crop[:, :, 0] > 127)
    assert rows.max() <= 52
    assert np.abs(columns - 50).max() <= 3


def test_the_whole_picture_is_letterboxed_and_never_stretched() -> None:
    image = np.full((100, 300, 3), 255, np.uint8)
    crop = np.empty((150, 150, 3), np.uint8)
    crop_into(image, covering_square(image), crop, cv2.BORDER_CONSTANT)
    bright = np.flatnonzero(crop[:, 75, 0] > 127)
    assert len(bright) == pytest.approx(50, abs=2)
    assert crop[:, 75, 0][:48].max() == 0


def test_overlap_is_one_with_itself_and_none_apart() -> None:
    region = Region(50, 50, 20)
    assert region.overlap(region) == pytest.approx(1)
    assert region.overlap(Region(100, 50, 20)) == 0
    assert region.overlap(Region(60, 50, 20)) == pytest.approx(1 / 3)
    assert region.overlap(Region(50, 50, 40)) == pytest.approx(1 / 4)


def test_regions_that_differ_by_a_rounding_are_looked_at_alike() -> None:
    rng = np.random.default_rng(0)
    apart = 0
    for _ in range(500):
        x, y, size, angle = rng.uniform((0, 0, 20, -math.pi), (1280, 720, 900, math.pi)).tolist()
        region = Region(x, y, size, angle).snapped()
        near = Region(x + 1e-4, y - 1e-4, size * (1 + 1e-6), angle + 1e-6).snapped()
        apart += region != near
        assert region.snapped() == region
        assert max(abs(region.x - x), abs(region.y - y)) < 0.01 * size
        assert abs(math.log2(region.size / size)) <= 1 / 32 + 1e-9
        assert abs(region.angle - angle) < 0.01
    assert apart <= 5
