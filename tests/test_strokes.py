"""J and Z are drawn; a hand that is carried somewhere, whatever it shows, draws neither."""

import numpy as np
import pytest

from edge.demo import DemoSigner
from edge.features import GRID_SECONDS, LETTER_GRID_STEPS, canonical
from edge.strokes import as_drawn, is_drawn
from edge.types import Floats, Motion, Scores, Side
from edge.windows import HandTrack

STILL = Motion(np.zeros(2, np.float32), 1.0, 0.0, 0.0, 0.0, 0.0, 2.0)


def hand(letter: str) -> Floats:
    """(21, 3) canonical points in palm widths, of the signer that the project draws."""
    signer = DemoSigner(letter, hand="right")
    seen, truth = next((seen, truth) for seen, truth in signer.landmarks() if truth.letter == letter)
    points = canonical(truth.hand, seen.width, seen.height, "right")
    return np.asarray(points / np.linalg.norm(points[5] - points[17]), np.float32)


def carried(letter: str, path: Floats) -> Floats:
    """(LETTER_GRID_STEPS, 21, 3): the hand goes along (N, 2) points, in palm widths."""
    at = np.linspace(0, len(path) - 1, LETTER_GRID_STEPS)
    way = np.stack([np.interp(at, np.arange(len(path)), path[:, axis]) for axis in (0, 1)], axis=1)
    moved = np.repeat(hand(letter)[None], LETTER_GRID_STEPS, axis=0)
    moved[..., :2] += way[:, None].astype(np.float32)
    return moved


def turned(past: Floats, degrees: float) -> Floats:
    """The same, the hand turning in the picture on its way."""
    angles = np.radians(np.linspace(0, degrees, len(past)))
    cosines, sines = np.cos(angles), np.sin(angles)
    turns = np.stack([np.stack([cosines, -sines], -1), np.stack([sines, cosines], -1)], -2).astype(np.float32)
    whole = past.copy()
    whole[..., :2] = (past - past[:, :1])[..., :2] @ turns.swapaxes(-1, -2) + past[:, :1, :2]
    return whole


DOWN, SLANT = np.array([[0, 0], [0, 3]]), np.array([[0, 0], [-2, 2]])
BOW = np.array([[2 * np.sin(a), 2 * np.cos(a)] for a in np.linspace(0, np.pi, 20)])
ZIGZAG = np.array([[0, 0], [2, 0], [0, 1.5], [2, 1.5]])
HOOK = np.array([[0, 0], [0, 1], [0, 2], [-0.5, 2.4], [-1, 2.2], [-1.2, 1.6]])


@pytest.mark.parametrize("path", [DOWN, SLANT, BOW])
@pytest.mark.parametrize("letter", ["I", "D", "X"])
def test_a_hand_that_is_carried_draws_nothing(letter: str, path: Floats) -> None:
    for past in (carried(letter, path), turned(carried(letter, path), 25)):
        assert not is_drawn("J", past)
        assert not is_drawn("Z", past)


def test_a_still_hand_under_noise_draws_nothing() -> None:
    still = np.repeat(hand("I")[None], LETTER_GRID_STEPS, axis=0)
    noisy = still + np.random.default_rng(0).normal(0, 0.03, still.shape).astype(np.float32)
    assert not is_drawn("J", noisy)
    assert not is_drawn("Z", noisy)


def test_strokes_are_seen_drawn_either_way_and_at_any_size() -> None:
    for size in (0.4, 1.0, 2.0):
        for way in (ZIGZAG, ZIGZAG * [-1, 1]):
            assert is_drawn("Z", carried("D", size * way))
    still = np.repeat(hand("I")[None], LETTER_GRID_STEPS, axis=0)
    for way, degrees in ((HOOK, 90), (HOOK * [-1, 1], -90)):
        tip = carried("I", way)[:, 20:21]
        turning = turned(still, degrees)
        assert is_drawn("J", turning + tip - turning[:, 20:21])


def test_a_hand_that_goes_straight_on_draws_no_j_however_it_turns() -> None:
    still = np.repeat(hand("I")[None], LETTER_GRID_STEPS, axis=0)
    for way in (DOWN, SLANT):
        turning = turned(still, 60)
        straight = turning + carried("I", way)[:, 20:21] - turning[:, 20:21]
        assert not is_drawn("J", straight)


def test_a_hand_that_trembles_sideways_draws_no_z() -> None:
    trembling = np.array([[0, 0], [0.2, 1], [0, 2], [0.2, 3], [0, 4]])
    assert not is_drawn("Z", carried("D", trembling))


@pytest.mark.filterwarnings("error")
def test_points_that_are_no_hand_draw_nothing() -> None:
    gap, endless = carried("D", ZIGZAG), carried("D", ZIGZAG)
    gap[5], endless[5] = np.nan, np.inf
    point = np.zeros((LETTER_GRID_STEPS, 21, 3), np.float32)
    vanishing = carried("D", ZIGZAG)
    vanishing[5] = vanishing[5, :1]
    for past in (gap, endless, point, point + carried("D", HOOK)[:, :1], vanishing):
        assert not is_drawn("J", past)
        assert not is_drawn("Z", past)


def test_what_was_not_drawn_is_taken_from_the_scores_and_the_rest_shares_it() -> None:
    labels = ("D", "J", "Z", "nothing")
    scores = Scores(1.0, labels, np.array([0.15, 0.05, 0.75, 0.05], np.float32), "right", STILL)
    np.testing.assert_allclose(as_drawn(scores, carried("D", SLANT)).probabilities, [0.6, 0.2, 0, 0.2], atol=1e-6)
    assert as_drawn(scores, carried("D", ZIGZAG)) is scores


@pytest.mark.parametrize(
    ("side", "down", "drawn"),
    [("right", 0.0, True), ("left", 0.0, False), ("right", 6.0, False)],
    ids=["the same hand", "the other one", "a hand elsewhere"],
)
def test_a_z_that_one_hand_begins_and_another_ends_is_not_drawn(side: Side, down: float, *, drawn: bool) -> None:
    track, past = HandTrack(), carried("D", ZIGZAG)
    past[LETTER_GRID_STEPS // 2 :, :, 1] += down
    for step, points in enumerate(past):
        track.add(step * GRID_SECONDS, points, "right" if step < LETTER_GRID_STEPS // 2 else side)
    assert is_drawn("Z", track.grid()) == drawn


@pytest.fixture(params=[(letter, side) for letter in "JZ" for side in ("left", "right")], ids="".join)
def drawing(request: pytest.FixtureRequest) -> tuple[str, Floats]:
    letter, side = request.param
    signer = DemoSigner(letter, hand=side, fps=15)
    points = [
        canonical(truth.hand, seen.width, seen.height, side)
        for seen, truth in signer.landmarks()
        if truth.letter == letter
    ]
    return letter, np.stack(points)


def test_the_drawn_signers_letters_are_drawn(drawing: tuple[str, Floats]) -> None:
    letter, past = drawing
    assert is_drawn(letter, past)
