"""Words spliced from stills move as a recorded hand does: no jump inside a letter, the same speed at any frame rate."""

from dataclasses import replace

import numpy as np
from letter_store import clip

from edge.types import Floats
from training.splicing import Speller
from training.store import Clip


def still(letter: str, number: int, x: float) -> Clip:
    """A hand of the made-up signer, `x` picture widths further; a palm is about 0.1 wide."""
    made = clip(letter, 0, 0)
    return replace(made, clip=f"{letter}{number}", hands=made.hands + np.array([x, 0, 0], np.float32))


def places(speller: Speller, word: str, hold_seconds: float, fps: float) -> Floats:
    """Where the wrist is in each frame that shows the hand."""
    xs = np.array([frame.hands[1, 0, 0] for frame in speller.spell(word, hold_seconds, fps).frames])
    return xs[np.isfinite(xs)]


def test_a_letter_is_never_held_across_two_recordings() -> None:
    stills = [still("A", number, 0.001 * number + 0.2 * (number >= 20)) for number in range(40)]
    held = [places(Speller(stills, seed), "A", 1.0, 30.0) for seed in range(8)]
    assert max(float(np.abs(np.diff(xs)).max()) for xs in held) < 0.002
    assert {bool(xs[0] > 0.6) for xs in held} == {True, False}, "each recording serves"


def test_pictures_in_any_order_hold_no_letter() -> None:
    scattered = [still("A", number, 0.2 * (number % 2)) for number in range(40)]
    assert not Speller(scattered, 0).can("A")
    assert Speller([*scattered, *(still("B", number, 0.0) for number in range(40))], 0).can("B")


def test_a_picture_is_shown_twice_at_30_frames_a_second() -> None:
    xs = places(Speller([still("A", number, 0.001 * number) for number in range(90)], 0), "A", 1.0, 30.0)
    assert np.allclose(np.diff(xs)[::2], 0.0, atol=1e-6)
    assert np.allclose(np.diff(xs)[1::2], 0.001, atol=1e-6)


def test_the_hand_moves_as_fast_at_every_frame_rate() -> None:
    speller = Speller([still("A", number, 0.001 * number) for number in range(90)], 0)
    speeds = [float(np.abs(np.diff(places(speller, "A", 1.0, fps))).mean()) * fps for fps in (30.0, 15.0, 10.0)]
    assert np.allclose(speeds, 0.015, atol=0.001)
