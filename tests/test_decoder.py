"""What the decoder promises a signer, on scores made by hand: every number of them is known."""

import string
from dataclasses import dataclass, replace

import numpy as np
import pytest

from edge.decoder import LetterDecoder
from edge.operating_point import OperatingPoint
from edge.types import Emission, Motion, Scores
from edge.windows import LOST_SECONDS

LABELS = (*string.ascii_uppercase, "nothing")
PALM = 60.0


@dataclass
class Part:
    """A stretch of a stream: the label the model sees, its probability, and how the hand moves."""

    label: str | None
    seconds: float
    probability: float = 0.95
    speed: float = 0.3
    shape_speed: float = 0.2
    x: float = 5.0
    y: float = 4.0
    """Palm centre at the end of the part, in palm widths."""
    second: tuple[str, float] | None = None
    """What the model nearly sees, and its probability."""


def change(seconds: float = 0.15, label: str = "nothing") -> Part:
    """Fingers on their way to another letter; the model calls it anything."""
    return Part(label, seconds, 0.5, speed=2.5, shape_speed=3.0)


def play(
    parts: list[Part],
    fps: float = 30.0,
    start: float = 0.0,
    palm_share: float = 0.0,
    point: OperatingPoint | None = None,
) -> list[Emission]:
    decoder = LetterDecoder(point or OperatingPoint())
    emissions: list[Emission] = []
    ts, x, y, followed, end = 0.0, parts[0].x, parts[0].y, 0.0, 0.0
    for part in parts:
        begin, end, from_x, from_y = end, end + part.seconds, x, y
        while ts < end - 1e-9:
            share = (ts - begin) / part.seconds
            x, y = from_x + (part.x - from_x) * share, from_y + (part.y - from_y) * share
            followed = followed + 1 / fps if part.label else 0.0
            scores = scores_of(part, start + ts, followed, x, y, palm_share) if part.label else None
            emissions += decoder.step(start + ts, scores)
            ts += 1 / fps
    return emissions


def scores_of(
    part: Part, ts: float, followed: float, x: float = 5.0, y: float = 4.0, palm_share: float = 0.0
) -> Scores:
    assert part.label
    p = np.full(len(LABELS), (1 - part.probability) / (len(LABELS) - 1), np.float32)
    if part.second:
        p[:] = (1 - part.probability - part.second[1]) / (len(LABELS) - 2)
        p[LABELS.index(part.second[0])] = part.second[1]
    p[LABELS.index(part.label)] = part.probability
    motion = Motion(
        np.array([x, y], np.float32) * PALM,
        PALM,
        part.speed,
        part.shape_speed,
        part.speed,
        part.shape_speed,
        followed,
        palm_share,
    )
    return Scores(ts, LABELS, p, "right", motion)


def text(emissions: list[Emission]) -> str:
    return "".join(emission.label for emission in emissions)


@pytest.mark.parametrize("fps", [8, 10, 15, 30, 60])
@pytest.mark.parametrize("hold", [0.5, 0.8, 1.0, 2.5, 30.0])
def test_a_held_letter_is_said_once(fps: float, hold: float) -> None:
    assert text(play([Part("H", hold), change(), Part("E", hold), change(), Part("Y", hold)], fps)) == "HEY"


def test_a_letter_is_said_within_its_own_time() -> None:
    (first, second) = play([Part("H", 0.8), change(), Part("E", 0.8)])
    assert 0 <= first.started_at < first.ended_at <= first.decided_at < 0.5
    assert 0.8 <= second.started_at < second.decided_at < 1.5


def test_a_sideways_slide_doubles_a_letter() -> None:
    slide = Part("L", 0.2, speed=4.5, x=6.0)
    assert text(play([Part("L", 0.8), slide, Part("L", 0.8, x=6.0)])) == "LL"


def test_a_doubled_letter_begins_after_the_one_before_it() -> None:
    first, second = play([Part("L", 0.8), Part("L", 0.2, speed=4.5, x=6.0), Part("L", 0.8, x=6.0)])
    assert first.started_at < first.decided_at <= second.started_at < second.ended_at


def test_a_bounce_doubles_a_letter() -> None:
    bounce = [Part("L", 0.15, speed=4.5, y=4.7), Part("L", 0.15, speed=4.5, y=4.0)]
    assert text(play([Part("L", 0.8), *bounce, Part("L", 0.8)])) == "LL"


def test_a_slow_drift_does_not_double_a_letter() -> None:
    assert text(play([Part("L", 0.8), Part("L", 4.0, speed=0.5, x=8.0), Part("L", 1.0, x=8.0)])) == "L"


def test_a_shaken_hand_that_stays_in_place_does_not_double_a_letter() -> None:
    shake = [Part("L", 0.1, speed=4.0, x=5.2), Part("L", 0.1, speed=4.0, x=5.0)]
    assert text(play([Part("L", 0.8), *shake, *shake, Part("L", 1.0)])) == "L"


def test_a_hand_taken_away_doubles_a_letter() -> None:
    assert text(play([Part("L", 0.8), Part(None, 0.4), Part("L", 0.8)])) == "LL"


def by_hands(*hands: list[Part], gap: float = 0.0) -> str:
    """What is said at 30 fps of one hand after another, `gap` seconds without one between them."""
    decoder, said, ts = LetterDecoder(OperatingPoint()), [], 0.0
    for parts in hands:
        since = ts
        for part in parts:
            for _ in range(round(part.seconds * 30)):
                said += decoder.step(ts, scores_of(part, ts, ts - since))
                ts += 1 / 30
        for _ in range(round(gap * 30)):
            said += decoder.step(ts, None)
            ts += 1 / 30
    return text(said)


@pytest.mark.parametrize(("away", "said"), [(0.25, "L"), (0.35, "LL")])
def test_how_long_a_hand_is_away_between_two_equal_letters(away: float, said: str) -> None:
    held = [Part("L", 0.8)]
    assert by_hands(held, held, gap=away) == said


@pytest.mark.parametrize("gap", [0.0, 0.1])
@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        ([Part("L", 0.2)], [Part("L", 0.2)], ""),
        ([Part("Z", 0.14, 0.95, speed=5.0)], [Part("Z", 0.14, 0.95, speed=5.0)], ""),
        ([Part("Z", 0.3, 0.65, speed=5.0)], [Part("D", 0.5)], "D"),
    ],
    ids=["a letter", "a stroke", "where it ends"],
)
def test_what_one_hand_began_another_does_not_finish(
    first: list[Part], then: list[Part], said: str, gap: float
) -> None:
    assert by_hands(first, [*then, *GONE], gap=gap) == said


def test_a_hand_opened_in_between_doubles_a_letter() -> None:
    assert text(play([Part("L", 0.8), change(), Part("nothing", 0.5), change(), Part("L", 0.8)])) == "LL"


def test_a_blinking_hand_does_not_double_a_letter() -> None:
    blinks = [Part("L", 0.4), Part(None, 0.1)] * 6
    assert text(play(blinks)) == "L"


def test_a_hand_that_is_dropped_quickly_does_not_double_its_letter() -> None:
    """Too quick a way down is taken for a cut to another hand, which has stood for no time yet."""
    decoder = LetterDecoder(OperatingPoint())
    said = [decoder.step(number / 30, scores_of(Part("L", 0.0), number / 30, number / 30)) for number in range(30)]
    said += [decoder.step(1.0, scores_of(Part("L", 0.0, y=9.0), 1.0, 0.0)), decoder.step(1.4, None)]
    assert [emission.label for emissions in said for emission in emissions] == ["L"]


def test_a_wavering_model_does_not_repeat_a_still_hand() -> None:
    assert text(play([Part("M", 0.8), *[Part("nothing", 0.3), Part("M", 0.3)] * 5])) == "M"
    assert text(play([Part("M", 0.8), *[Part("N", 0.3), Part("M", 0.3)] * 5])) == "M"


def test_a_letter_passed_through_is_not_said() -> None:
    way = [Part("O", 0.12, 0.9, speed=2.5, shape_speed=3.0), Part("C", 0.1, 0.9, speed=1.5, shape_speed=2.0)]
    assert text(play([Part("A", 0.8), *way, Part("B", 0.8)])) == "AB"


def test_doubt_is_silent_and_counted_once() -> None:
    decoder = LetterDecoder(OperatingPoint(floor=0.7))
    doubt = Part("K", 2.0, 0.5)
    for index in range(60):
        assert decoder.step(index / 30, scores_of(doubt, index / 30, 1.0 + index / 30)) == []
    assert decoder.abstentions == 1


def test_a_label_has_its_own_floor() -> None:
    strict = OperatingPoint(floor=0.5, floors={"K": 0.9})
    for point, expected in ((strict, ""), (OperatingPoint(floor=0.5), "K")):
        decoder = LetterDecoder(point)
        said = [
            emission
            for index in range(60)
            for emission in decoder.step(index / 30, scores_of(Part("K", 2, 0.88), index / 30, 1 + index / 30))
        ]
        assert text(said) == expected


@pytest.mark.parametrize(
    "parts",
    [
        [Part("B", 1.5)],
        [Part("A", 0.8), change(), Part("B", 1.5), change(), Part("C", 0.8)],
        [Part("A", 0.8), change(), Part("B", 1.5, 0.7), change(), Part("C", 0.8)],
        [Part("A", 0.8), change(), Part("B", 0.15), change(), Part("C", 0.8)],
        [Part("A", 0.12), change(), Part("B", 0.12), change(), Part("B", 0.12), change(), Part("C", 0.8)],
        [Part("A", 0.8), change(), Part("J", 0.5, speed=4.0), Part("I", 0.8), change(), Part("C", 0.8)],
    ],
)
def test_a_letter_that_its_bundle_disables_is_never_said(parts: list[Part]) -> None:
    """However it is held, and whatever comes before and after it."""
    assert {*"BJ"} & {*text(play(parts))}, "else it is"
    point = OperatingPoint.of({"disabled": ["B", "J"], "floor": 0.6})
    said = text(play(parts, point=point))
    assert not {*"BJ"} & {*said}
    assert said.endswith("C") or len(parts) == 1, "what follows is read"


def test_nothing_is_never_said() -> None:
    assert play([Part("nothing", 5.0)]) == []
    assert play([Part(None, 5.0)]) == []


def test_a_j_is_said_without_the_i_it_begins_and_ends_with() -> None:
    begin = Part("I", 0.25, 0.9)
    draw = [Part("I", 0.2, 0.9, speed=5.0, shape_speed=2.0), Part("J", 0.5, 0.9, speed=5.0, shape_speed=2.0)]
    assert text(play([begin, *draw, Part("I", 0.6, 0.9)])) == "J"


def quick(letters: str, hold: float = 0.15, probability: float = 0.95) -> list[Part]:
    return [part for letter in letters for part in (Part(letter, hold, probability), change(0.08))]


def stroke(probability: float, label: str = "J", seconds: float = 0.5) -> Part:
    """A hand that draws."""
    return Part(label, seconds, probability, speed=5.0, shape_speed=2.0)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([stroke(0.8)], "J"),
        ([stroke(0.65), Part("I", 0.6, 0.95)], "J"),
        ([stroke(0.65), Part("Y", 0.6, 0.95)], "J"),
        ([stroke(0.65, "Z"), Part("D", 0.6, 0.95)], "Z"),
        ([stroke(0.5), Part("I", 0.6, 0.95)], "I"),
        ([stroke(0.65), Part("B", 0.6, 0.95)], "B"),
        ([stroke(0.65), change(0.9), Part("I", 0.6, 0.95)], "I"),
        ([stroke(0.65), Part(None, 0.4), Part("I", 0.6, 0.95)], "I"),
        ([stroke(0.65), change(0.12), Part("O", 0.15), change(0.12), Part("I", 0.45)], "OI"),
        ([stroke(0.65, "Z"), Part("E", 0.14), change(0.06), Part("D", 0.5)], "ED"),
        ([stroke(0.65), *quick("ABC", 0.1), Part("I", 0.5)], "ABCI"),
        ([Part("A", 0.6), change(), stroke(0.65, seconds=0.07), Part("I", 0.6, 0.95)], "AI"),
        ([Part("A", 0.6), change(), stroke(0.65), Part("I", 0.6, 0.95)], "AJ"),
        ([stroke(0.65), Part("I", 0.6, 0.95), change(), Part("B", 0.6), change(), Part("I", 0.6)], "JBI"),
    ],
)
def test_a_hand_that_ends_where_a_j_or_z_does_has_drawn_it_if_that_was_likely(parts: list[Part], said: str) -> None:
    read = play([Part("nothing", 0.3, 0.9, speed=5.0), *parts])
    assert text(read) == said
    assert said[0] not in "JZ" or read[0].started_at == pytest.approx(0.4, abs=0.1), "where the stroke began"
    assert all(emission.alternatives[0][0] == emission.label for emission in read)


def test_an_i_after_a_j_that_was_said_is_an_i() -> None:
    j = [Part("nothing", 0.3, 0.9, speed=5.0), stroke(0.9), Part("J", 0.3, 0.9)]
    assert text(play([*j, change(0.3), Part("I", 0.6, 0.95)])) == "JI"


def test_two_zs_are_two() -> None:
    draw = Part("Z", 0.5, 0.9, speed=5.0, shape_speed=1.5)
    between = Part("D", 0.4, 0.7, speed=3.0, shape_speed=1.0)
    assert text(play([draw, between, draw])) == "ZZ"


def test_halving_the_frame_rate_gives_the_same_letters_at_the_same_times() -> None:
    parts = [Part("H", 0.8), change(), Part("I", 1.0)]
    fast, slow = play(parts, 30), play(parts, 15)
    assert text(fast) == text(slow) == "HI"
    assert [abs(a.decided_at - b.decided_at) < 0.1 for a, b in zip(fast, slow, strict=True)] == [True, True]


@pytest.mark.parametrize("hold", [0.13, 0.2, 0.3])
def test_quick_letters_are_read_once_the_word_has_begun(hold: float) -> None:
    fast = [part for letter in "HELPER" for part in (Part(letter, hold), change(0.07))]
    assert text(play([Part("W", 0.4), change(), *fast])) == "WHELPER"


def test_a_word_that_begins_quickly_is_read_from_its_beginning() -> None:
    assert text(play([part for letter in "QUACK" for part in (Part(letter, 0.15), change(0.07))])) == "QUACK"


def test_one_short_hold_alone_is_nothing() -> None:
    assert play([change(), Part("B", 0.15), change(), Part("nothing", 2.0)]) == []


def test_a_doubtful_first_letter_is_said_when_the_next_one_confirms_it() -> None:
    first, second = play([Part("S", 0.5, 0.7), change(), Part("O", 0.5)])
    assert first.label + second.label == "SO"
    assert first.started_at < first.ended_at < 0.55 < second.started_at
    assert first.decided_at == second.decided_at


def test_a_short_i_is_said_before_another_letter_but_not_before_a_j() -> None:
    begin = [Part("T", 0.4), change(), Part("I", 0.2), change()]
    assert text(play([*begin, Part("N", 0.4)])) == "TIN"
    assert text(play([*begin, Part("J", 0.5, 0.9, speed=5.0, shape_speed=2.0)])) == "TJ"


def test_a_swaying_hand_does_not_double_a_letter_but_its_slide_does() -> None:
    sway = [Part("L", 0.3, speed=1.3, x=5.4), Part("L", 0.3, speed=1.3, x=5.0)] * 4
    assert text(play([Part("L", 0.5), *sway, Part("L", 0.2, speed=1.3)])) == "L"
    assert text(play([Part("L", 0.5), *sway, Part("L", 0.2, speed=6.0, x=6.2), Part("L", 0.5, x=6.2)])) == "LL"


def test_a_short_i_at_the_end_of_a_word_is_said_when_the_hand_is_taken_away() -> None:
    begin = [Part("T", 0.4), change(), Part("I", 0.2)]
    assert text(play([*begin, change(), Part(None, 0.5)])) == "TI"
    assert text(play([*begin, Part(None, 0.5)])) == "TI"
    assert text(play([Part("I", 0.2), Part(None, 0.5)])) == ""


def test_a_hand_that_starts_as_it_settles_says_its_letter_once() -> None:
    shake = Part("Q", 0.1, speed=4.0, x=5.2)
    assert text(play([Part("Q", 0.15), shake, Part("Q", 0.8, x=5.2)])) == "Q"
    assert text(play([Part("W", 0.5), change(), Part("I", 0.15), shake, Part("I", 0.8, x=5.2)])) == "WI"


def doubtful(label: str, other: str, seconds: float, probability: float, second: float) -> Part:
    """A stretch in which `other` is the model's second guess."""
    return Part(label, seconds, probability, second=(other, second))


def test_a_letter_nearly_read_before_does_not_follow_a_twitch() -> None:
    """The model wavers between T and N while the hand that holds one of them twitches."""
    twitch = Part("T", 0.1, speed=3.5, shape_speed=2.0)
    assert text(play([doubtful("T", "N", 0.8, 0.85, 0.1), twitch, Part("N", 0.3), Part("T", 0.5)])) == "T"
    assert text(play([Part("T", 0.8), twitch, doubtful("N", "T", 0.3, 0.85, 0.1), Part("T", 0.5)])) == "T"
    assert text(play([Part("T", 0.8), twitch, Part("N", 0.45)])) == "TN", "a clear change is said soon"


def test_a_letter_nearly_read_before_is_said_where_it_stands() -> None:
    assert text(play([doubtful("R", "U", 0.8, 0.88, 0.1), change(label="R"), Part("U", 0.9)])) == "RU"


def test_within_a_word_a_settled_hand_is_read_though_the_model_is_not_sure() -> None:
    doubt = doubtful("E", "S", 0.6, 0.5, 0.2)
    assert text(play([Part("H", 0.5), change(), doubt, change(), Part("Y", 0.5)])) == "HEY"
    assert text(play([Part("H", 0.5), change(), doubt])) == "HE", "at once, not when another letter follows"
    assert text(play([doubt])) == "", "by itself it is nothing"
    assert text(play([Part("H", 0.5), change(), doubtful("E", "S", 0.6, 0.45, 0.4)])) == "H", "two are as likely"
    assert text(play([Part("H", 6.0), change(), doubt])) == "H", "long after the last letter nobody spells"


def test_a_slide_of_three_steps_doubles_a_letter_at_10_frames_a_second() -> None:
    decoder = LetterDecoder(OperatingPoint())
    said = []
    for number, x in enumerate([5.0] * 8 + [5.5] + [6.0] * 6):
        part = Part("L", 0.1, speed=4.5 if number in (8, 9) else 0.3)
        said += decoder.step(number / 10, scores_of(part, number / 10, number / 10 + 0.1, x))
    assert text(said) == "LL"


def test_a_hand_seen_again_after_a_time_without_pictures_begins_anew() -> None:
    decoder = LetterDecoder(OperatingPoint())
    held = Part("A", 1.0, 0.95)
    for number in range(5):
        assert decoder.step(number / 30, scores_of(held, number / 30, number / 30)) == []
    later = [decoder.step(60 + n / 30, scores_of(held, 60 + n / 30, 60 + n / 30)) for n in range(30)]
    (letter,) = [emission for said in later for emission in said]
    assert letter.started_at >= 60
    assert letter.decided_at >= 60.2


@pytest.mark.parametrize("gap", [gap / 100 for gap in range(1, 60, 3)])
@pytest.mark.parametrize("start", [0.0, 1.1, 7.7])
def test_a_hand_that_holds_its_letter_across_a_reload_says_nothing_new(start: float, gap: float) -> None:
    decoder = LetterDecoder(OperatingPoint())
    held = Part("A", 1.0)
    times = [start + n / 30 for n in range(30)]
    assert text([letter for ts in times for letter in decoder.step(ts, scores_of(held, ts, ts - start))]) == "A"
    decoder.resume()
    taken_before = times[-1] + 0.03
    assert decoder.step(taken_before, scores_of(held, taken_before, taken_before - start)) == []
    back = taken_before + gap
    seen = start if gap < LOST_SECONDS else back  # where the windows begin a hand anew
    times = [back + n / 30 for n in range(30)]
    assert not [letter for ts in times for letter in decoder.step(ts, scores_of(held, ts, ts - seen))]


UNREAD = Part("nothing", 0.6, 0.5, second=("R", 0.35))


@pytest.mark.parametrize("fps", [10, 15, 30])
def test_a_hold_that_nobody_could_read_goes_with_the_next_letter(fps: float) -> None:
    parts = [Part("A", 0.8), change(), UNREAD, change(), Part("N", 0.8), change(), Part("O", 0.8)]
    (first, second, third) = play(parts, fps)
    assert (first.unread, second.label, third.unread) == ((), "N", ())
    assert second.unread[0] == ("R", pytest.approx(0.35, abs=0.05))
    assert "nothing" not in dict(second.unread)


@pytest.mark.parametrize(
    ("what", "parts"),
    [
        ("before the first letter a hand may rest", [UNREAD]),
        ("on its way", [Part("A", 0.8), change(), replace(UNREAD, seconds=0.1), change()]),
        ("too short", [Part("A", 0.8), change(), replace(UNREAD, seconds=0.24), change()]),
        ("the last letter, still held", [Part("A", 0.8), change(), Part("nothing", 0.6, 0.5, second=("A", 0.35))]),
        ("the last letter, the model wavers", [Part("A", 0.8), UNREAD]),
        ("the next letter, still uncertain", [Part("A", 0.8), change(), Part("nothing", 0.6, 0.5, second=("N", 0.35))]),
        ("no letter at all", [Part("A", 0.8), change(), Part("nothing", 0.6, 0.99), change()]),
        ("the end of a J", [Part("J", 0.5, speed=3.5), Part("nothing", 0.6, 0.5, second=("I", 0.4)), change()]),
        ("long ago", [Part("A", 0.8), change(), UNREAD, change(3.0)]),
        ("of another word", [Part("A", 0.8), change(), UNREAD, Part(None, 2.0)]),
    ],
)
@pytest.mark.parametrize("fps", [15, 30])
def test_what_was_no_letter_goes_with_none(what: str, parts: list[Part], fps: float) -> None:
    said = play([*parts, Part("N", 0.8)], fps)
    assert said[-1].label == "N"
    assert said[-1].unread == (), what


def test_how_a_motion_letter_begins_does_not_go_with_it() -> None:
    onset = Part("nothing", 0.6, 0.5, second=("I", 0.38))
    said = play([Part("A", 0.8), change(), onset, Part("J", 0.6, speed=3.5)])
    assert text(said) == "AJ"
    assert said[-1].unread == ()


def test_a_letter_that_waited_is_said_though_the_next_but_one_is_the_same() -> None:
    away = change(), Part("nothing", 0.4, 0.99), change()
    brief = Part("N", 0.1, 0.9), change(0.1), Part("A", 0.1, 0.9), change(0.1)
    assert text(play([Part("B", 0.8), *away, *brief, Part("N", 0.6)])) == "BNAN"


def test_a_trembling_hand_that_holds_a_letter_is_still() -> None:
    """Landmark noise reaches 1.3 palm widths a second at 30 frames a second."""
    assert text(play([Part("H", 0.6, speed=1.4, shape_speed=1.3), change(), Part("I", 0.6, shape_speed=1.3)])) == "HI"


@pytest.mark.parametrize("label", ["B", "I"])
@pytest.mark.parametrize(("hold", "said"), [(0.22, False), (0.45, True)])
def test_hands_that_come_up_for_a_moment_begin_no_word(label: str, hold: float, *, said: bool) -> None:
    first = play([change(), Part(label, hold), change(), Part("nothing", 2.0)], 60)
    assert text(first) == (label if said else "")


def test_a_flickering_model_does_not_keep_a_held_letter_unsaid() -> None:
    """One frame in seven is read as another letter: neither does that one appear, nor does the held one wait."""
    (letter,) = play([Part("H", 0.2), Part("K", 1 / 30)] * 6)
    assert letter.label == "H"
    assert letter.decided_at < 0.6


def test_a_letter_nearly_read_before_must_stand_for_half_a_second() -> None:
    begin = [doubtful("R", "U", 0.8, 0.88, 0.1), change(label="R")]
    assert text(play([*begin, Part("U", 0.35), change(), Part("nothing", 2.0)])) == "R"


def test_another_letter_does_not_follow_while_the_last_one_is_still_likely() -> None:
    assert text(play([Part("M", 0.8), Part("N", 2.0, 0.7, second=("M", 0.2))])) == "M"
    assert text(play([Part("M", 0.8), change(), Part("N", 2.0, 0.7, second=("M", 0.2))])) == "M"


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (doubtful("E", "S", 0.35, 0.5, 0.2), "HE"),
        (doubtful("E", "S", 0.21, 0.45, 0.2), "H"),
        (doubtful("E", "S", 0.6, 0.33, 0.1), "H"),
        (doubtful("J", "I", 0.6, 0.5, 0.2), "H"),
    ],
    ids=["settled", "too short", "too doubtful", "a J is drawn"],
)
def test_what_counts_as_settled_within_a_word(part: Part, said: str) -> None:
    assert text(play([Part("H", 0.5), change(), part, change(), Part("nothing", 2.0)])) == said


def test_a_slow_speller_is_still_spelling() -> None:
    """The doubtful letter comes 2.8 s after the last one was said."""
    assert text(play([Part("H", 3.0), change(), doubtful("E", "S", 0.6, 0.5, 0.2)])) == "HE"


def test_long_after_the_last_letter_a_short_hold_is_nothing_again() -> None:
    rest = [change(), Part("nothing", 1.8)]
    short = [change(), Part("B", 0.12), change(), Part("nothing", 2.0)]
    assert text(play([Part("H", 0.5), *short])) == "HB", "within the word it is a letter"
    assert text(play([Part("H", 0.5), *rest, *short])) == "H"


def test_a_j_glimpsed_within_a_word_is_not_said() -> None:
    glimpse = Part("J", 0.1, 0.9, speed=5.0, shape_speed=2.0)
    assert text(play([Part("T", 0.4), change(), glimpse, change(), Part("nothing", 1.0)])) == "T"


def test_what_another_hand_showed_is_not_said_of_this_one() -> None:
    """An I waits for 0.3 s in case it begins a J; a frame before that the picture is cut to another hand."""
    decoder, said = LetterDecoder(OperatingPoint()), []
    shown = [Part("T", 0.0)] * 12 + [change()] * 5 + [Part("I", 0.0)] * 9
    for number, part in enumerate(shown):
        said += decoder.step(number / 30, scores_of(part, number / 30, 1.0))
    for number in range(len(shown), len(shown) + 60):
        since_cut = (number - len(shown)) / 30
        said += decoder.step(number / 30, scores_of(Part("nothing", 0.0, 0.99), number / 30, since_cut))
    assert text(said) == "T"


GONE = [change(), Part("nothing", 2.5)]
"""The hand opens and rests."""


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (quick("CAT"), "CAT"),
        (quick("AT"), ""),
        (quick("CAT", probability=0.6), ""),
        ([part for letter in "CAT" for part in (*quick(letter), *GONE)], ""),
        ([*quick("CA"), *quick("I"), Part("J", 0.5, 0.9, speed=5.0, shape_speed=2.0)], "CAJ"),
    ],
    ids=["three", "two", "three doubtful ones", "three alone", "the third begins a J"],
)
def test_three_short_holds_in_a_row_are_a_word(parts: list[Part], said: str) -> None:
    assert text(play([*parts, *GONE])) == said


def test_one_frame_in_which_the_hand_seems_to_stand_is_no_hold() -> None:
    assert text(play([Part("H", 0.5), change(), Part("B", 0.03), change(), Part("N", 0.5)])) == "HN"


@pytest.mark.parametrize(
    ("first", "way", "said"),
    [
        (Part("S", 0.5, 0.7), 0.9, "SO"),
        (Part("S", 0.5, 0.7), 2.0, "O"),
        (Part("S", 0.5, 0.4), 0.15, "O"),
        (Part("S", 0.15), 0.15, "SO"),
    ],
    ids=["a while before", "long before", "too doubtful", "short"],
)
def test_which_holds_the_next_letter_confirms(first: Part, way: float, said: str) -> None:
    assert text(play([first, change(way), Part("O", 0.5)])) == said


def test_a_hold_that_the_next_letter_confirmed_is_not_said_with_the_one_after() -> None:
    assert text(play([*quick("B"), Part("O", 0.4), change(0.1), Part("N", 0.4)])) == "BON"


def test_a_hold_that_a_twitch_cut_in_two_is_one_letter() -> None:
    assert text(play([*quick("SS", 0.12), Part("O", 0.5)])) == "SO"


def test_the_last_letter_resumed_for_a_moment_is_not_said_with_the_next_one() -> None:
    assert text(play([Part("A", 0.8), change(0.1), Part("A", 0.15), change(0.1), Part("B", 0.8)])) == "AB"


@pytest.mark.parametrize("fps", [8, 10])
def test_a_letter_passed_through_is_not_said_at_few_frames_a_second(fps: float) -> None:
    assert text(play([Part("A", 0.8), Part("C", 0.4, 0.9, speed=3.0, shape_speed=3.0), Part("B", 0.8)], fps)) == "AB"


@pytest.mark.parametrize(
    ("hold", "unread"),
    [
        (replace(UNREAD, seconds=0.5), "R"),
        (Part("nothing", 0.6, 0.9, second=("R", 0.07)), "R"),
        (Part("nothing", 0.6, 0.96, second=("R", 0.03)), None),
        (Part("nothing", 0.6, 0.5, second=("A", 0.15)), None),
    ],
    ids=["half a second", "faintly", "too faintly", "the last letter, faintly"],
)
def test_how_well_a_hold_must_be_seen_to_go_with_the_next_letter(hold: Part, unread: str | None) -> None:
    said = play([Part("A", 0.8), change(), hold, change(), Part("N", 0.8)])
    assert text(said) == "AN"
    assert next(iter(dict(said[-1].unread)), None) == unread


def test_a_letter_held_until_nobody_can_read_it_goes_with_none() -> None:
    """The hand never left it."""
    said = play([Part("A", 0.4), replace(UNREAD, seconds=4.0), change(), Part("N", 0.8)])
    assert said[-1].unread == ()


def test_what_nobody_could_read_does_not_go_with_a_letter_that_another_one_precedes() -> None:
    said = play([Part("A", 0.8), change(), UNREAD, change(), Part("I", 0.2), change(), Part("N", 0.8)])
    assert text(said) == "AIN"
    assert said[-1].unread == ()


def test_a_short_i_that_the_hand_lets_go_too_gently_to_notice_is_said_at_the_end() -> None:
    assert text(play([Part("T", 0.4), change(), Part("I", 0.2), Part("nothing", 0.5, 0.99), Part(None, 0.5)])) == "TI"


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (quick("HELPER"), "HELPER"),
        ([Part("S", 0.5, 0.7), change(), Part("O", 0.5)], "SO"),
        ([Part("H", 0.5), change(), doubtful("E", "S", 0.6, 0.5, 0.2)], "HE"),
        ([Part("T", 0.4), change(), Part("I", 0.2), Part(None, 0.5)], "TI"),
        ([Part("L", 0.8), Part("L", 0.2, speed=4.5, x=6.0), Part("L", 0.8, x=6.0)], "LL"),
        ([Part("R", 0.8), change(label="R"), Part("U", 0.9)], "RU"),
        ([Part("H", 6.0), change(), doubtful("E", "S", 0.6, 0.5, 0.2)], "H"),
    ],
)
def test_by_a_camera_s_clock_letters_are_the_same_as_in_a_replay(parts: list[Part], said: str) -> None:
    """A live camera counts seconds from 1970, a replay from its first frame."""
    assert text(play(parts)) == text(play(parts, start=1.7e9)) == said


@pytest.mark.parametrize(
    ("way", "last", "said"),
    [
        (0.15, Part("I", 0.2), "TI"),
        (2.0, Part("I", 0.2), "T"),
        (0.15, Part("I", 0.2, 0.55), "T"),
    ],
    ids=["in the word", "long after it", "doubtful"],
)
def test_which_short_i_ends_a_word(way: float, last: Part, said: str) -> None:
    assert text(play([Part("T", 0.4), change(way), last, Part(None, 0.5)])) == said


@pytest.mark.parametrize(
    ("before", "said"),
    [(doubtful("N", "T", 0.15, 0.85, 0.1), "T"), (Part("N", 0.15), "NT"), (Part("J", 0.15, 0.9), "T")],
    ids=["nearly the same", "another", "no J stands still"],
)
def test_what_was_nearly_the_letter_itself_is_not_said_before_it(before: Part, said: str) -> None:
    assert text(play([before, change(0.1), Part("T", 0.5)])) == said


@pytest.mark.parametrize(
    ("leaving", "left"),
    [
        ({"shape_speed": 2.0}, True),
        ({"speed": 4.0, "shape_speed": 0.5}, True),
        ({"shape_speed": 1.1}, False),
        ({"speed": 2.2, "shape_speed": 0.5}, False),
    ],
    ids=["fingers", "carried", "trembling", "swaying"],
)
def test_how_a_hand_leaves_its_letter(leaving: dict[str, float], *, left: bool) -> None:
    """Where it did, another letter follows at once; else the model wavers, and another must stand for half a second."""
    way = Part("T", 0.15, 0.5, **leaving)  # type: ignore[arg-type]
    assert text(play([Part("T", 0.6), way, Part("N", 0.4)])) == ("TN" if left else "T")
    assert text(play([Part("T", 0.6), way, Part("N", 1.2)])) == "TN"


@pytest.mark.parametrize(
    ("was", "now", "hold", "said"),
    [
        (Part("M", 0.8), ("M", 0.01), 0.48, "MN"),
        (Part("M", 0.8), ("M", 0.045), 0.48, "M"),
        (Part("M", 0.8), ("M", 0.045), 1.0, "MN"),
        (Part("M", 0.8), ("M", 0.11), 1.2, "MN"),
        (Part("M", 0.8), ("M", 0.2), 3.0, "M"),
        (Part("M", 0.8, 0.9, second=("N", 0.03)), ("M", 0.01), 0.48, "MN"),
        (Part("M", 0.8, 0.9, second=("N", 0.07)), ("M", 0.01), 0.48, "M"),
    ],
)
def test_how_unlike_the_next_letter_must_be(was: Part, now: tuple[str, float], hold: float, said: str) -> None:
    """The less the model tells two letters apart, the longer the second must stand."""
    assert text(play([was, change(label=was.label or ""), Part("N", hold, 0.8, second=now)])) == said


@pytest.mark.parametrize(
    ("between", "said"),
    [
        (Part("nothing", 0.4, 0.95), "LL"),
        (Part("nothing", 0.15, 0.95), "L"),
        (Part("nothing", 0.6, 0.9, second=("L", 0.035)), "LL"),
        (Part("nothing", 0.6, 0.85, second=("L", 0.08)), "L"),
    ],
    ids=["open", "open for a moment", "nearly open", "half open"],
)
def test_how_a_hand_opens_between_two_equal_letters(between: Part, said: str) -> None:
    assert text(play([Part("L", 0.8), change(0.1, "L"), between, change(0.1, "L"), Part("L", 0.8)])) == said


def test_the_hand_shape_that_a_j_ends_in_is_not_said_with_the_letter_after_it() -> None:
    draw = Part("J", 0.5, 0.9, speed=5.0, shape_speed=2.0)
    assert text(play([draw, Part("I", 0.25, 0.9), change(), Part("N", 0.4)])) == "JN"


@pytest.mark.parametrize(
    ("moves", "said"),
    [
        ([(0.8, 0.0, 0.2, 4.5)], "LL"),
        ([(-0.8, 0.0, 0.2, 4.5)], "LL"),
        ([(0.35, 0.0, 0.2, 4.5)], "L"),
        ([(1.0, 0.0, 0.3, 2.9)], "L"),
        ([(1.0, 0.8, 0.2, 4.5)], "L"),
        ([(0.0, 1.0, 0.2, 4.5)], "L"),
        ([(1.0, 0.0, 1.5, 4.5)], "L"),
        ([(0.0, -0.7, 0.15, 4.5), (0.0, 0.7, 0.15, 4.5)], "LL"),
        ([(0.0, 0.65, 0.15, 3.0), (0.0, -0.65, 0.15, 3.0)], "LL"),
        ([(0.0, 0.3, 0.15, 4.5), (0.0, -0.3, 0.15, 4.5)], "L"),
        ([(0.0, 0.7, 0.15, 2.0), (0.0, -0.7, 0.15, 2.0)], "L"),
        ([(0.0, 0.7, 0.15, 4.5), (0.0, -0.4, 0.15, 4.5)], "L"),
        ([(0.0, 0.7, 0.6, 4.5), (0.0, -0.7, 0.6, 4.5)], "L"),
    ],
    ids=[
        "slide",
        "to the other side",
        "short slide",
        "slow slide",
        "slanting",
        "downwards",
        "slide without end",
        "bounce upwards",
        "small bounce",
        "tiny bounce",
        "gentle bounce",
        "never back",
        "down and up in its own time",
    ],
)
def test_what_doubles_a_letter(moves: list[tuple[float, float, float, float]], said: str) -> None:
    """Each move: palm widths across and down, seconds, speed."""
    parts, x, y = [Part("L", 0.8)], 5.0, 4.0
    for across, down, seconds, speed in moves:
        x, y = x + across, y + down
        parts.append(Part("L", seconds, speed=speed, x=x, y=y))
    assert text(play([*parts, Part("L", 0.8, x=x, y=y)])) == said


@pytest.mark.parametrize(
    ("across", "down", "seconds", "speed", "palm_share", "sways", "said"),
    [
        (0.4, 0.0, 0.2, 2.0, 0.25, 0.3, "LL"),
        (-0.4, 0.08, 0.2, 2.0, 0.25, 0.3, "LL"),
        (0.4, 0.0, 0.2, 2.0, 0.15, 0.3, "L"),
        (0.4, 0.0, 0.2, 2.0, 0.25, 0.7, "L"),
        (0.4, 0.0, 0.2, 1.6, 0.25, 0.5, "L"),
        (0.4, 0.0, 0.2, 1.3, 0.25, 0.2, "L"),
        (0.2, 0.0, 0.2, 2.0, 0.25, 0.3, "L"),
        (0.4, 0.15, 0.2, 2.0, 0.25, 0.3, "L"),
        (0.4, 0.0, 0.6, 2.0, 0.25, 0.3, "L"),
    ],
    ids=[
        "slide",
        "to the other side",
        "of a hand that has room",
        "of one that sways",
        "hardly faster than it sways",
        "slow",
        "too short",
        "slanting",
        "drawn out",
    ],
)
def test_a_hand_that_fills_the_picture_doubles_by_a_short_slide(
    across: float, down: float, seconds: float, speed: float, palm_share: float, sways: float, said: str
) -> None:
    """Palm widths across and down, seconds, speed; how fast the hand is while it holds a letter."""
    held, x, y = Part("L", 2.0, speed=sways), 5.0 + across, 4.0 + down
    slide = Part("L", seconds, speed=speed, x=x, y=y)
    assert text(play([held, slide, Part("L", 0.8, speed=sways, x=x, y=y)], 15.0, palm_share=palm_share)) == said


def test_a_short_slide_that_does_not_come_to_rest_doubles_nothing() -> None:
    slide, on = Part("L", 0.2, speed=2.0, x=5.4), Part("L", 0.4, speed=0.9, x=5.6)
    assert text(play([Part("L", 2.0), slide, on], 15.0, palm_share=0.3)) == "L"
