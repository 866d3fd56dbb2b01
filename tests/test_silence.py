"""A display can tell the signer why nothing is read."""

from __future__ import annotations

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


def test_one_bad_frame_does_not_flicker() -> None:
    silence = SilenceWatch()
    silence.step(seen(0.0, hand=True))
    silence.step(seen(0.1, shoulders=None))
    silence.step(seen(0.2, hand=True))
    assert silence.reason is None
