"""One hand from picture to picture: whose side it is on, and how large a region it is looked for in."""

import dataclasses
import math

import numpy as np
import pytest

from edge.landmarks.crop import Region
from edge.landmarks.hands import Hand
from edge.landmarks.motion import MotionDetector
from edge.landmarks.picture import Picture
from edge.landmarks.track import Track
from edge.landmarks.view import View
from edge.signer import Body
from edge.types import Floats, Frame, Point

LEFT_ELBOW, RIGHT_ELBOW = (400.0, 270.0), (240.0, 270.0)
"""As the camera sees them: the signer's left is on the right."""


def pose(left_wrist: Point, right_wrist: Point, visible: float = 1.0) -> Floats:
    """(33, 4) of a body with shoulders 120 pixels apart."""
    points = np.full((33, 4), (320.0, 300.0, 0.0, visible), np.float32)
    points[0, :2] = 320, 120
    points[11:17, :2] = (380, 180), (260, 180), LEFT_ELBOW, RIGHT_ELBOW, left_wrist, right_wrist
    return points


def hand(wrist: Point, towards: Point, size: float = 90.0, left_logit: float = 0.0) -> Hand:
    """A hand whose fingers point to a place."""
    points = np.zeros((21, 3), np.float32)
    points[:, :2] = wrist
    angle = math.atan2(towards[0] - wrist[0], wrist[1] - towards[1])
    return Hand(points, 0.99, left_logit, Region(*wrist, size, angle))


def view(body: Floats | None) -> View:
    image = np.zeros((480, 640, 3), np.uint8)
    picture = Picture(Frame(image, 0.0, 0), 1.0)
    return View(picture, 0.0, MotionDetector(), body=None if body is None else Body.of(body), body_is_new=True)


def test_where_wrists_lie_together_a_hand_is_on_the_arm_that_it_goes_on_from() -> None:
    """As in TABLE: forearms over each other, each hand at the other's elbow."""
    seen = view(pose((322.0, 262.0), (318.0, 258.0)))
    left = Track(seen, hand((300.0, 265.0), towards=(240.0, 265.0)))
    right = Track(seen, hand((340.0, 255.0), towards=(400.0, 255.0)))
    assert left.left_logit > 1.0
    assert right.left_logit < -1.0


def test_where_wrists_lie_apart_a_hand_is_on_the_nearer_whatever_its_bend() -> None:
    body = pose((420.0, 150.0), (220.0, 150.0))
    for bend in ((420.0, 100.0), (470.0, 150.0), (370.0, 150.0)):
        assert Track(view(body), hand((420.0, 150.0), towards=bend)).left_logit > 0.5


@pytest.mark.parametrize("body", [None, pose((420.0, 150.0), (220.0, 150.0), visible=0.1)])
def test_without_arms_in_sight_the_hand_itself_tells(body: Floats | None) -> None:
    assert Track(view(body), hand((300.0, 265.0), towards=(240.0, 265.0), left_logit=-1.0)).left_logit == -1.0


def test_a_hand_at_its_elbow_says_nothing_by_its_bend() -> None:
    body = pose(LEFT_ELBOW, RIGHT_ELBOW)
    assert math.isfinite(Track(view(body), hand(LEFT_ELBOW, towards=(400.0, 200.0))).left_logit)


@pytest.mark.parametrize(("size", "grown"), [(30.0, 39.0), (70.0, 78.0), (90.0, 90.0)])
def test_a_region_is_no_smaller_than_a_hand_of_the_body(size: float, grown: float) -> None:
    """0.65 of 120 pixels, at most 1.3 times what was found."""
    region = Region(300, 200, size, 0.3)
    assert view(pose((320.0, 262.0), (318.0, 258.0))).grown(region) == dataclasses.replace(
        region, size=pytest.approx(grown)
    )
    assert view(None).grown(region) == region


def test_a_hand_within_which_a_body_is_seen_is_the_signer_s_and_one_behind_is_not_large() -> None:
    seen = view(pose((420.0, 150.0), (220.0, 150.0)))
    far = hand((1000.0, 450.0), towards=(1000.0, 400.0))
    assert not seen.is_mine(far)
    assert not seen.is_mine(dataclasses.replace(far, region=dataclasses.replace(far.region, size=400.0))), "beside it"
    assert seen.is_mine(dataclasses.replace(far, region=Region(330, 160, 400.0)))
    assert not seen.is_large(Region(300, 200, 70))
    assert seen.is_large(Region(300, 200, 80))
    assert view(None).is_large(Region(300, 200, 10))


def test_a_hand_between_two_signers_is_whose_wrist_is_nearer() -> None:
    left, right = (pose((x, 300.0), (x - 100, 300.0)) for x in (300.0, 450.0))
    between = hand((310.0, 300.0), towards=(310.0, 250.0))
    for own, other, mine in ((left, right, True), (right, left, False), (None, left, False), (None, None, True)):
        others = () if other is None else (Body.of(other),)
        assert dataclasses.replace(view(own), others=others).is_mine(between) == mine
