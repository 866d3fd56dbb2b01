"""When a sign begins and ends, and what is none: by a network that would say a word of whatever it is shown."""

import itertools

import numpy as np
import pytest
from word_scenes import NO_HAND, WAVING, embedded, frames, hands_of, lasting, read, talkative

from edge.bundle import Bundle
from edge.prototypes import Prototypes, SimilarityCalibration
from edge.types import Emission, Landmarks
from edge.word_reader import WordReader
from edge.words import WordModel

SIGN, OTHER = hands_of("ticket"), hands_of("quartz")
REST = lasting(NO_HAND, 1.5)
LIKE = SimilarityCalibration(floor=0.8, middle=0.75, width=0.02)
"""Recordings of one of the two signs are 0.98 alike and more, of both less than 0.7."""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return talkative(tmp_path_factory.mktemp("talkative"))


@pytest.fixture(scope="module")
def two_signs(bundle: Bundle) -> Prototypes:
    """Both signs, so that they are told apart."""
    examples = {"ticket": [hands_of("ticket", n) for n in (1, 2)], "quartz": [hands_of("quartz", n) for n in (1, 2)]}
    model = WordModel(bundle)
    return Prototypes({gloss: np.stack([embedded(h, model) for h in hands]) for gloss, hands in examples.items()}, LIKE)


def labels(said: list[Emission]) -> list[str]:
    return [emission.label for emission in said]


def ends(reader: WordReader, seen: list[Landmarks]) -> list[Emission]:
    """Of a source that ends then."""
    return [*read(reader, seen), *reader.finish(seen[-1].ts)]


@pytest.mark.parametrize("fps", [10.0, 15.0, 30.0])
def test_a_sign_is_said_soon_after_the_hands_go_down_and_not_before(bundle: Bundle, fps: float) -> None:
    hands = np.repeat(SIGN, 2, axis=0) if fps > 15 else SIGN
    (word,) = read(WordReader(bundle), frames([*hands, *lasting(NO_HAND, 1.5, fps)], fps=fps))
    last_seen = (len(hands) - 1) / fps
    assert word.label == WAVING
    assert word.started_at == pytest.approx(0.0, abs=0.1)
    assert word.ended_at == pytest.approx(last_seen, abs=0.1)
    assert 0.2 < word.decided_at - last_seen < 0.45
    assert word.hand == "right"


@pytest.mark.parametrize("seconds", [0.07, 0.13, 0.2])
def test_a_hand_that_blur_hides_goes_on_with_its_sign(bundle: Bundle, seconds: float) -> None:
    """Nothing is decided where it vanishes: the word is that of the whole sign."""
    gone = lasting(NO_HAND, seconds)
    hands = [*SIGN[:10], *gone, *SIGN[10:], *REST]
    (word,) = read(WordReader(bundle), frames(hands))
    assert word.started_at < 0.1
    assert word.ended_at > (len(hands) - len(REST) - 2) / 15


@pytest.mark.parametrize(("gap", "goes_on"), [(0.5, True), (1.0, False)])
def test_a_camera_that_stalls_for_half_a_second_cuts_no_sign(bundle: Bundle, gap: float, *, goes_on: bool) -> None:
    begun, rest = frames(SIGN[:10]), frames([*SIGN[10:], *REST], start=9 / 15 + gap)
    (word,) = read(WordReader(bundle), [*begun, *rest])
    assert (word.started_at < 0.1) == goes_on
    assert goes_on or word.started_at >= rest[0].ts


@pytest.mark.parametrize(("gap", "said"), [(0.5, 1), (1.0, 0)])
def test_hands_that_come_back_soon_go_on_where_nothing_was_said(bundle: Bundle, gap: float, said: int) -> None:
    """A frame or two of a hand are no sign, but its beginning and its end, where it crosses the face in between."""
    hands = [*SIGN[:2], *lasting(NO_HAND, gap - 1 / 15), SIGN[10], *REST]
    assert len(read(WordReader(bundle), frames(hands, start=50.0))) == said


def test_a_hand_seen_for_a_frame_after_a_word_does_not_say_it_again(bundle: Bundle) -> None:
    hands = [*SIGN, *lasting(NO_HAND, 0.5), SIGN[3], *REST]
    assert len(read(WordReader(bundle), frames(hands))) == 1


def test_hands_that_came_down_and_up_again_made_two_signs(bundle: Bundle, two_signs: Prototypes) -> None:
    reader = WordReader(bundle, two_signs.glosses, two_signs)
    seen = frames([*SIGN, *lasting(NO_HAND, 0.5), *SIGN, *lasting(NO_HAND, 0.5), *OTHER, *REST])
    said = read(reader, seen)
    assert labels(said) == ["ticket", "ticket", "quartz"]
    for before, after in itertools.pairwise(said):
        assert before.decided_at <= after.started_at < after.ended_at <= after.decided_at


def test_a_sign_that_is_held_is_said_while_it_is_held_and_once(bundle: Bundle) -> None:
    held = lasting(SIGN[-1], 6.0)
    (word,) = read(WordReader(bundle), frames([*SIGN, *held, *REST]))
    stands_from = (len(SIGN) - 1) / 15
    assert word.started_at < 0.1
    assert 0.2 < word.decided_at - stands_from < 0.8


def test_a_hand_that_sways_a_little_stands_still(bundle: Bundle) -> None:
    palm = np.linalg.norm((SIGN[-1, 9, :2] - SIGN[-1, 0, :2]) * [640, 480])
    sway = [SIGN[-1] + np.array([0.14 * palm * np.sin(k / 1.5) / 640, 0, 0]) for k in range(60)]
    (word,) = read(WordReader(bundle), frames([*SIGN, *sway, *REST]))
    assert word.decided_at < (len(SIGN) - 1) / 15 + 1.2


def test_a_short_stop_within_a_sign_says_nothing_of_its_first_half(bundle: Bundle) -> None:
    hands = [*SIGN[:12], *lasting(SIGN[11], 0.3), *SIGN[12:]]
    (word,) = read(WordReader(bundle), frames([*hands, *REST]))
    assert word.decided_at > (len(hands) - 1) / 15


def test_hands_that_rest_in_the_air_and_move_again_begin_another_sign(bundle: Bundle, two_signs: Prototypes) -> None:
    reader = WordReader(bundle, two_signs.glosses, two_signs)
    first, second = read(reader, frames([*SIGN, *lasting(SIGN[-1], 2.0), *OTHER, *lasting(OTHER[-1], 2.0), *REST]))
    rested_until = (len(SIGN) + 30) / 15
    assert labels([first, second]) == ["ticket", "quartz"]
    assert first.decided_at < rested_until
    assert second.started_at >= rested_until - 0.5, "the rest between them is part of neither"
    assert second.ended_at > second.started_at + 1.0


def test_a_sign_of_hands_that_rested_in_sight_begins_when_they_move(bundle: Bundle, two_signs: Prototypes) -> None:
    """Some people rest them before the belly: the rest is no part of the sign."""
    rest = lasting(OTHER[0], 2.5)
    (word,) = read(WordReader(bundle, two_signs.glosses, two_signs), frames([*rest, *OTHER, *REST]))
    assert word.label == "quartz"
    assert len(rest) / 15 - 0.7 < word.started_at < len(rest) / 15 + 0.25


def test_a_sign_held_until_the_hands_go_down_is_not_said_again(bundle: Bundle) -> None:
    lowered = np.linspace(SIGN[-1], SIGN[-1] + [0, 0.1, 0], 6)
    assert len(read(WordReader(bundle), frames([*SIGN, *lasting(SIGN[-1], 2.0), *lowered, *REST]))) == 1


def test_the_end_of_the_source_ends_the_sign_once(bundle: Bundle) -> None:
    reader = WordReader(bundle)
    (word,) = ends(reader, frames(SIGN))
    assert word.decided_at == pytest.approx((len(SIGN) - 1) / 15)
    assert reader.finish(9.0) == [], "it was said"


def test_a_rest_after_the_sign_leaves_nothing_to_finish(bundle: Bundle) -> None:
    reader = WordReader(bundle)
    assert len(read(reader, frames([*SIGN, *REST]))) == 1
    assert reader.finish(5.0) == []


def test_a_reset_forgets_half_a_sign(bundle: Bundle) -> None:
    reader = WordReader(bundle)
    seen = frames([*SIGN, *REST])
    read(reader, seen[:8])
    reader.reset()
    (word,) = read(reader, seen[8:])
    assert word.started_at >= seen[8].ts


def test_a_clock_that_stands_still_or_goes_back_begins_anew(bundle: Bundle) -> None:
    reader = WordReader(bundle)
    read(reader, frames(SIGN[:8], start=100.0))
    (word,) = read(reader, frames([*SIGN, *REST], start=3.0))
    assert 3.0 <= word.started_at < 3.1


def test_of_a_long_movement_the_end_counts(bundle: Bundle) -> None:
    """Somebody who fidgets and then signs: the span does not grow without bound."""
    hands = [*itertools.chain.from_iterable([SIGN, SIGN[::-1]] * 5)]
    (word,) = read(WordReader(bundle), frames([*hands, *REST]))
    assert len(hands) / 15 > 10
    assert 2.0 < word.ended_at - word.started_at < 6.0


# What is no sign, whatever the network would say of it.


def test_a_frozen_picture_with_a_hand_up_says_nothing(bundle: Bundle) -> None:
    assert ends(WordReader(bundle), frames([SIGN[10]] * 30)) == []
    assert read(WordReader(bundle), frames([*[SIGN[10]] * 30, *REST])) == []


def test_a_hand_that_only_trembles_says_nothing(bundle: Bundle) -> None:
    assert read(WordReader(bundle), frames([*lasting(SIGN[10], 1.5), *REST])) == []


@pytest.mark.parametrize(("palms", "said"), [(0.14, 0), (0.3, 1)])
def test_how_far_a_hand_must_stray(bundle: Bundle, palms: float, said: int) -> None:
    palm = np.linalg.norm((SIGN[10, 9, :2] - SIGN[10, 0, :2]) * [640, 480])
    drift = [SIGN[10] + np.array([share * palms * palm / 640, 0, 0]) for share in np.linspace(0, 1, 20)]
    assert len(read(WordReader(bundle), frames([*drift, *REST]))) == said


def test_a_fingers_small_movement_is_a_sign(bundle: Bundle) -> None:
    """The hand stays where it is, the index finger goes up and down by a palm's length: some signs do no more."""
    hands = np.repeat(SIGN[10:11], 15, axis=0)
    palm = float(np.linalg.norm((hands[0, 9, :2] - hands[0, 0, :2]) * [640, 480]))
    hands[:, 8, 1] += palm / 480 * np.abs(np.sin(np.arange(15) / 2))
    assert len(read(WordReader(bundle), frames([*hands, *REST]))) == 1


@pytest.mark.parametrize("fps", [15.0, 30.0])
@pytest.mark.parametrize("palms", [1.0, 3.0])
def test_points_at_random_places_are_no_hand(bundle: Bundle, fps: float, palms: float) -> None:
    rng = np.random.default_rng(0)
    at = np.linspace([0.4, 0.4, 0], [0.6, 0.5, 0], round(1.5 * fps))
    hands = [place + rng.uniform(-0.06, 0.06, (21, 3)) * palms for place in at]
    assert read(WordReader(bundle), frames([*hands, *lasting(NO_HAND, 1.5, fps)], fps=fps)) == []


@pytest.mark.parametrize("size", [0.4, 1.2])
def test_fingers_that_move_quickly_are_a_hand(bundle: Bundle, size: float) -> None:
    """A hand may open and close several times a second."""
    at = np.arange(22) / 15
    shape = SIGN[10] - SIGN[10, :1]
    hands = [SIGN[10, :1] + shape * (1 + size * np.sin(6 * np.pi * t)) + [0.02 * t, 0, 0] for t in at]
    assert len(read(WordReader(bundle), frames([*hands, *REST]))) == 1


@pytest.mark.parametrize(("seen", "said"), [(0.0, 0), (0.35, 0), (0.7, 1), (1.0, 1)])
def test_without_shoulders_in_sight_nothing_is_said(bundle: Bundle, seen: float, said: int) -> None:
    """Most signs are told apart by their place; shoulders may be lost for a part of a sign."""
    with_body, without = frames(SIGN), frames(SIGN, shoulders=False)
    count = round(seen * len(SIGN))
    rest = frames(REST, start=len(SIGN) / 15)
    assert len(read(WordReader(bundle), [*with_body[:count], *without[count:], *rest])) == said


@pytest.mark.parametrize(("count", "said"), [(2, 0), (3, 0), (6, 1)])
def test_hands_that_pass_are_no_sign(bundle: Bundle, count: int, said: int) -> None:
    """Nobody signs faster than in a fifth of a second."""
    way = np.linspace(SIGN[0], SIGN[0] + [0.15, -0.1, 0], count)
    assert len(read(WordReader(bundle), frames([*way, *REST]))) == said


def test_hands_in_the_lap_are_no_sign(bundle: Bundle) -> None:
    lap = SIGN + np.array([0, 0.95 - SIGN[..., 1].min(), 0])
    assert read(WordReader(bundle), frames([*lap, *REST])) == []


def test_what_moves_without_a_word_is_counted_as_unsure(bundle: Bundle) -> None:
    reader = WordReader(bundle, active=[])
    assert read(reader, frames([*SIGN, *REST, *SIGN, *REST])) == []
    assert reader.abstentions == 2
    still = WordReader(bundle, active=[])
    read(still, frames([*[SIGN[3]] * 20, *REST]))
    assert still.abstentions == 0, "nothing was there to be unsure of"
