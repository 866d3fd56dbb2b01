"""A display can tell the signer why nothing is read."""

import numpy as np
import pytest

from edge.silence import SilenceWatch
from edge.types import Landmarks


def seen(ts: float, *, hand: bool = False, shoulders: float | None = 0.3, brightness: float = 120.0) -> Landmarks:
    hands = np.full((2, 21, 3), np.nan, np.float32)
    if hand:
        hands[1] = 0.5
    pose = np.full((33, 4), np.nan, np.float32)
    if shoulders is not None:
        pose[:] = 0.5
        pose[11, 0], pose[12, 0] = 0.5 + shoulders / 2, 0.5 - shoulders / 2
    return Landmarks(ts, 640, 480, hands, np.zeros(2, np.float32), pose, brightness)


def watch(**kind: object) -> SilenceWatch:
    """A watch that has seen the same for a second, after somebody signed."""
    silence = SilenceWatch()
    silence.step(seen(0.0, hand=True))
    for frame in range(1, 30):
        silence.step(seen(frame / 15, **kind))  # type: ignore[arg-type]
    return silence


@pytest.mark.parametrize(
    ("kind", "reason", "present"),
    [
        ({"hand": True}, None, True),
        ({"shoulders": None}, "no_signer", False),
        ({"shoulders": None, "brightness": 9.0}, "too_dark", False),
        ({"shoulders": 0.06}, "too_far", True),
        ({}, "hand_lost", True),
    ],
)
def test_the_reason_is_named(kind: dict[str, object], reason: str | None, *, present: bool) -> None:
    silence = watch(**kind)
    assert (silence.reason, silence.signer_present) == (reason, present)


def test_a_hand_at_rest_is_no_fault() -> None:
    silence = watch()
    silence.step(seen(10.0))
    silence.step(seen(11.0))
    assert silence.reason is None


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ({"shoulders": None, "brightness": 20.0}, "too_dark"),
        ({"shoulders": None, "brightness": 40.0}, "no_signer"),
        ({"shoulders": 0.09}, "too_far"),
        ({"shoulders": 0.14}, "hand_lost"),
    ],
)
def test_a_lit_room_at_night_and_somebody_two_steps_away_are_no_fault(kind: dict[str, object], reason: str) -> None:
    """Hands are found at a mean luma of 40, and on shoulders that take a seventh of the picture's width."""
    assert watch(**kind).reason == reason


@pytest.mark.parametrize("start", [0.0, 1.7e9])
def test_a_hand_is_missed_for_a_while_and_then_at_rest(start: float) -> None:
    silence = SilenceWatch()
    silence.step(seen(start, hand=True))
    reasons = {}
    for frame in range(1, 60):
        silence.step(seen(start + frame / 15))
        reasons[frame / 15] = silence.reason
    assert {reason for since, reason in reasons.items() if 0.8 < since < 1.8} == {"hand_lost"}
    assert {reason for since, reason in reasons.items() if since > 2.2} == {None}


def test_a_hand_that_was_never_up_is_not_missed() -> None:
    silence = SilenceWatch()
    for frame in range(60):
        silence.step(seen(frame / 15))
        assert silence.reason is None
    assert silence.signer_present


def test_before_anything_was_seen_there_is_no_signer() -> None:
    silence = SilenceWatch()
    assert (silence.reason, silence.signer_present) == ("no_signer", False)
    silence.step(seen(0.0, shoulders=None))
    assert (silence.reason, silence.signer_present) == ("no_signer", False)
    silence.step(seen(0.1))
    assert (silence.reason, silence.signer_present) == (None, True), "good news needs no waiting"


@pytest.mark.parametrize("side", [0, 1])
def test_either_hand_alone_is_a_hand(side: int) -> None:
    silence = watch(shoulders=None, brightness=9.0)
    landmarks = seen(5.0, shoulders=None, brightness=9.0)
    landmarks.hands[side] = 0.5
    silence.step(landmarks)
    assert (silence.reason, silence.signer_present) == (None, True), "who is read needs no light and no body"


def test_a_reason_stands_for_half_a_second_before_it_is_said() -> None:
    silence = SilenceWatch()
    silence.step(seen(0.0, hand=True))
    said = {}
    for frame in range(1, 20):
        silence.step(seen(frame / 15, shoulders=None))
        said[frame / 15] = silence.reason
        assert silence.signer_present == (silence.reason is None), "until then nobody has left"
    assert {reason for since, reason in said.items() if since < 0.4} == {None}
    assert {reason for since, reason in said.items() if since > 0.7} == {"no_signer"}


def test_one_reason_after_another_stands_for_as_long_itself() -> None:
    silence, reasons = watch(shoulders=None), []
    for frame in range(15):
        silence.step(seen(2.0 + frame / 15, shoulders=None, brightness=9.0))
        reasons.append(silence.reason)
    assert (reasons[2], reasons[-1]) == ("no_signer", "too_dark")


def test_one_bad_frame_does_not_flicker() -> None:
    silence = SilenceWatch()
    silence.step(seen(0.0, hand=True))
    silence.step(seen(0.1, shoulders=None))
    assert silence.reason is None
    silence.step(seen(0.2, hand=True))
    assert silence.reason is None
    silence.step(seen(5.0, shoulders=None))
    assert silence.reason is None, "nor does one after a while"
