"""Signs made of others: a hand shape on another sign's way, or a sign backwards, and nothing that looks as before."""

import numpy as np
import pytest
from word_store import WORDS, clip

from edge.features import palm_length
from edge.types import Floats
from edge.word_features import BODY, LEFT, RIGHT
from training.words import recombined
from training.words.data import Track, track_of


def track(word: str, signer: int = 0) -> Track:
    return track_of(clip(word, signer, 0, "webcam_made"), word)


def sign(word: str, signer: int = 0) -> Floats:
    made = recombined.phases(track(word, signer))
    assert made is not None
    return made


def test_the_hand_of_one_sign_goes_the_way_of_another() -> None:
    way, shape = sign("hello"), sign("book", signer=2)
    way[:, RIGHT, 0] += np.linspace(0, 600, len(way), dtype=np.float32)[:, None]  # far from where the other one goes
    made = recombined.on_the_way_of(way, shape)
    assert made is not None
    np.testing.assert_allclose(made[:, RIGHT.start], way[:, RIGHT.start], atol=1e-3)
    np.testing.assert_array_equal(made[:, BODY], way[:, BODY])
    assert np.isnan(made[:, LEFT]).all(), "a hand that neither shows is not made up"
    own, other = ((hand - hand[:, :1]) / palm_length(hand)[:, None, None] for hand in (made[:, RIGHT], shape[:, RIGHT]))
    np.testing.assert_allclose(own, other, atol=1e-3)
    assert np.median(palm_length(made[:, RIGHT])) == pytest.approx(
        float(np.median(palm_length(way[:, RIGHT]))), rel=0.01
    )


@pytest.mark.parametrize("word", WORDS)
def test_the_same_sign_by_another_signer_makes_no_other_sign(word: str) -> None:
    assert recombined.on_the_way_of(sign(word), sign(word, signer=2)) is None


def test_a_sign_backwards_is_another_one_unless_it_goes_there_and_back() -> None:
    there = sign("hello")
    there[:, RIGHT, 0] += np.linspace(0, 400, len(there), dtype=np.float32)[:, None]
    turned = recombined.backwards(there)
    assert turned is not None
    np.testing.assert_array_equal(turned[0], there[-1])
    assert recombined.backwards(np.concatenate([there[::2], there[::-2]])) is None


def test_who_shows_no_hand_or_no_body_makes_no_sign() -> None:
    hidden = track("hello")
    without_hands = hidden.points.copy()
    without_hands[:, :42] = np.nan
    without_body = hidden.points.copy()
    without_body[:, BODY] = np.nan
    for points in (without_hands, without_body):
        empty = Track("c", hidden.times, points, "hello", "hello", "s", "webcam_made", fps_known=True)
        assert recombined.phases(empty) is None
