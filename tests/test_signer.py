"""Who is read: one person at the counter, kept, let go, and never mixed up with a neighbour. Pictures are drawn."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from landmark_scenes import empty_picture, error, joined, side_by_side, sprite

import edge.pipeline
from edge.config import CaptionsConfig, Config, SignerConfig
from edge.landmarks import Landmarker
from edge.landmarks.crop import Region
from edge.landmarks.people import People
from edge.lexicon import Lexicon
from edge.pipeline import Pipeline
from edge.signer import Body, Person, SignerLock
from edge.types import SIDES, Emission, Floats, Frame, Image, Landmarks

MODELS = Path(__file__).resolve().parent.parent / "models"
SEEN = 0.12
NEAR, FAR = Person(0.3, 0.5, 0.8), Person(0.8, 0.5, 0.3)


def locked(person: Person = NEAR, **options: float) -> SignerLock:
    lock = SignerLock(dataclasses.replace(SignerConfig(), **options))
    lock.follow(0.0, person)
    return lock


def test_the_largest_is_chosen() -> None:
    assert SignerLock(SignerConfig()).choose(0.0, [FAR, NEAR]) == NEAR


@pytest.mark.parametrize(("zone_x", "chosen"), [(0.2, 0), (0.8, 1)])
def test_of_two_alike_the_one_in_the_zone_is_chosen(zone_x: float, chosen: int) -> None:
    people = [Person(0.25, 0.5, 0.5), Person(0.75, 0.5, 0.5)]
    lock = SignerLock(SignerConfig(zone_x=zone_x, zone_width=0.3))
    assert lock.choose(0.0, people) == people[chosen]


def test_nobody_is_chosen_among_none() -> None:
    assert SignerLock(SignerConfig()).choose(0.0, []) is None


def test_a_signer_lost_for_a_moment_is_not_exchanged() -> None:
    lock = locked(FAR, hold_seconds=1.0)
    assert lock.choose(0.5, [NEAR]) is None
    moved = Person(0.82, 0.5, 0.3)
    assert lock.choose(0.6, [NEAR, moved]) == moved


def test_a_signer_who_left_is_let_go() -> None:
    lock = locked(FAR, hold_seconds=1.0)
    assert lock.keeps(1.0)
    assert not lock.keeps(1.1)
    assert lock.choose(1.1, [NEAR]) == NEAR


@pytest.mark.parametrize("better_from", [0.0, 0.7])
def test_a_better_one_takes_over_only_after_standing_there(better_from: float) -> None:
    lock = locked(FAR, switch_seconds=1.0)
    taken = []
    for step in range(30):
        ts = step / 10
        lock.follow(ts, FAR)
        if lock.choose(ts, [NEAR] if ts >= better_from else []) is not None:
            taken.append(ts)
            break
    assert taken == [pytest.approx(better_from + 1.0)]


def test_one_who_walks_through_takes_nothing() -> None:
    lock = locked(FAR, switch_seconds=1.0)
    for step in range(40):
        lock.follow(step / 10, FAR)
        assert lock.choose(step / 10, [NEAR] if step % 8 else []) is None


def test_a_clock_that_jumps_back_frees_the_place() -> None:
    lock = SignerLock(SignerConfig())
    lock.follow(100.0, NEAR)
    assert not lock.keeps(3.0)


def test_a_hand_hangs_on_a_wrist_of_its_body() -> None:
    pose = np.zeros((33, 4), np.float32)
    pose[15], pose[16] = (300, 200, 0, 0.9), (100, 200, 0, 0.9)
    body, hand = Body.of(pose), (210.0, 200.0)
    assert body.shows_wrists
    assert body.has_on_wrist(hand, size=120.0, late=False)
    assert not body.has_on_wrist(hand, size=100.0, late=False)
    assert body.has_on_wrist(hand, size=100.0, late=True), "the pose may be a little old"
    pose[15:17, 3] = 0.1
    body = Body.of(pose)
    assert not body.shows_wrists
    assert body.has_on_wrist(hand, size=120.0, late=False)
    assert not body.has_on_wrist(hand, size=100.0, late=False), "a guess keeps a neighbour's hand off, too"


def test_a_body_is_as_wide_as_its_shoulders_or_from_the_side_as_long_as_its_neck_says() -> None:
    pose = np.zeros((33, 4), np.float32)
    pose[0, :2], pose[11, :2], pose[12, :2] = (320, 100), (400, 200), (240, 200)
    assert Body.of(pose).person(640) == Person(0.5, pytest.approx(150 / 640), 0.25)
    pose[11, 0] = pose[12, 0] = 320
    assert Body.of(pose).person(640).size == pytest.approx(1.5 * 100 / 640)


def test_an_arm_reaches_three_shoulder_widths() -> None:
    pose = np.zeros((33, 4), np.float32)
    pose[0, :2], pose[11, :2], pose[12, :2] = (320, 100), (370, 180), (270, 180)
    body = Body.of(pose)
    assert body.reaches((370.0, 475.0))
    assert not body.reaches((370.0, 485.0))


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (Person(0.5, 0.5, 0.2), True),
        (Person(0.58, 0.5, 0.2), True),
        (Person(0.5, 0.58, 0.2), True),
        (Person(0.62, 0.5, 0.2), False),
        (Person(0.7, 0.5, 0.2), False),
        (Person(0.5, 0.5, 0.4), True),
        (Person(0.5, 0.5, 0.6), False),
        (Person(0.5, 0.5, 0.1), True),
        (Person(0.5, 0.5, 0.07), False),
    ],
)
def test_who_stands_in_the_same_place_and_is_as_large_is_the_same(other: Person, *, same: bool) -> None:
    """Neighbours who touch are a shoulder width apart."""
    assert Person(0.5, 0.5, 0.2).is_same(other) == same


@pytest.mark.parametrize(("way", "jumped"), [(1.0, False), (1.5, True)])
def test_a_quick_walk_is_no_jump(way: float, *, jumped: bool) -> None:
    for x, y in ((way, 0), (-way, 0), (0, way)):
        assert Person(0.5 + 0.2 * x, 0.5 + 0.2 * y, 0.2).has_jumped(Person(0.5, 0.5, 0.2)) == jumped


@pytest.mark.parametrize(("size", "takes"), [(0.35, False), (0.52, True)])
def test_only_who_is_clearly_nearer_takes_the_counter_over(size: float, *, takes: bool) -> None:
    """Two alike who stand side by side do not take turns."""
    lock, other, taken = locked(FAR, switch_seconds=1.0), Person(0.5, 0.5, size), []
    for step in range(1, 60):
        lock.follow(step / 10, FAR)
        taken.append(lock.choose(step / 10, [other]))
    assert any(taken) == takes
    assert len([each for each in taken if each]) <= 6, "once named, the wait begins anew"


@pytest.mark.parametrize(("outside", "chosen"), [(0.1, 0), (0.4, 1)])
def test_who_stands_outside_the_zone_counts_for_less_the_further_off(outside: float, chosen: int) -> None:
    """Half as much a quarter of the picture away: one and a half times as large is then not enough."""
    people = [Person(0.3 + outside, 0.5, 0.3), Person(0.2, 0.5, 0.2)]
    for flipped in (False, True):
        seen = [dataclasses.replace(each, x=1 - each.x) if flipped else each for each in people]
        lock = SignerLock(SignerConfig(zone_x=0.8 if flipped else 0.2, zone_width=0.2))
        assert lock.choose(0.0, seen) == seen[chosen]


def test_who_steps_back_for_a_moment_waits_anew() -> None:
    lock, small = locked(FAR, switch_seconds=1.0), Person(0.5, 0.5, 0.1)
    for step in range(1, 40):
        lock.follow(step / 10, FAR)
        assert lock.choose(step / 10, [small] if step % 8 == 0 else [NEAR, small]) is None


def test_a_place_whose_signer_left_long_ago_is_anybodys() -> None:
    assert locked(FAR, hold_seconds=1.0).choose(5.0, [NEAR]) == NEAR


def test_of_two_where_the_lost_signer_was_the_nearer_one_is_it() -> None:
    lock = locked(FAR, hold_seconds=1.0)
    beside, near = Person(0.92, 0.5, 0.3), Person(0.83, 0.5, 0.3)
    assert lock.choose(0.5, [beside, near]) == near
    assert lock.choose(0.6, [near, beside]) == near


def test_who_is_let_go_begins_the_wait_of_a_better_one_anew() -> None:
    lock = locked(FAR, hold_seconds=1.0, switch_seconds=1.0)
    assert lock.choose(0.0, [NEAR]) is None
    assert not lock.keeps(5.0)
    lock.follow(5.0, FAR)
    assert lock.choose(5.0, [NEAR]) is None, "the wait is not that of five seconds ago"


@pytest.mark.parametrize("visible", [0.4, 0.6])
def test_either_wrist_says_whose_a_hand_is(visible: float) -> None:
    pose = np.zeros((33, 4), np.float32)
    pose[15], pose[16] = (300, 200, 0, 0.9), (100, 200, 0, visible)
    body = Body.of(pose)
    assert body.shows_wrists == (visible > 0.5)
    assert body.has_on_wrist((310.0, 200.0), size=100.0, late=False)
    assert body.has_on_wrist((110.0, 200.0), size=100.0, late=False)


@pytest.mark.parametrize(("distance", "late", "on"), [(70, False, True), (95, False, False), (130, True, True)])
def test_how_far_from_its_wrist_a_hand_may_be(distance: float, *, late: bool, on: bool) -> None:
    pose = np.zeros((33, 4), np.float32)
    pose[15], pose[16] = (300, 200, 0, 0.9), (900, 200, 0, 0.9)
    assert Body.of(pose).has_on_wrist((300.0 + distance, 200.0), size=100.0, late=late) == on
    assert not Body.of(pose).has_on_wrist((300.0 + 200, 200.0), size=100.0, late=late), "never on another body's"


def test_from_the_side_the_neck_says_how_far_an_arm_reaches() -> None:
    pose = np.zeros((33, 4), np.float32)
    pose[0, :2], pose[11, :2], pose[12, :2] = (320, 80), (325, 180), (315, 180)
    body = Body.of(pose)
    assert body.reaches((325.0, 470.0))
    assert not body.reaches((325.0, 500.0))


class Heads:
    """Pose networks of made-up people whose heads are at these pixels across; a look in a region sees the nearest."""

    def __init__(self, *across: float) -> None:
        self.across = list(across)

    def find(self, _: Image) -> list[tuple[Region, Region]]:
        return [(Region(x, 150, 300), Region(x, 150, 150)) for x in self.across]

    def read(self, _: Image, region: Region) -> tuple[Floats, Region] | None:
        x = min(self.across, key=lambda x: abs(x - region.x))
        pose = np.zeros((33, 4), np.float32)
        pose[0, :2], pose[11, :2], pose[12, :2] = (x, 100), (x + 50, 200), (x - 50, 200)
        return pose, Region(x, 150, 300)


def stepped(people: People, ts: float) -> People:
    picture, motion = (
        SimpleNamespace(image=None, width=1280),
        SimpleNamespace(outside=lambda _: 1.0, may_hide_person=False),
    )
    people.step(picture, ts, motion, hand_followed=False)  # type: ignore[arg-type]
    return people


def test_two_who_pass_each_other_are_read_as_one_person_once_and_soon_as_two_again() -> None:
    heads = Heads(300, 900)
    people = People(heads, 0.0, SignerConfig(), places=2)  # type: ignore[arg-type]
    for ts, across in ((0.0, [300, 900]), (0.1, [420, 780]), (0.2, [520, 680])):
        heads.across = across
        stepped(people, ts)
    first, second = people.places
    assert first.body.region is not None
    assert second.body.region is not None
    heads.across = [600]
    stepped(people, 0.3)
    assert first.body.region is not None
    assert second.body.region is second.last_body is None
    assert people.crowded, "whoever is behind is near, and a hand may be theirs"
    heads.across = [520, 680]
    stepped(people, 0.4)
    assert second.last_body is None
    stepped(people, 1.1)
    assert second.body.region is not None, "in company everybody is sought once a second"


@pytest.mark.parametrize(("places", "across", "crowded"), [(1, [300], False), (1, [300, 900], True), (2, [300], False)])
def test_whoever_has_no_place_is_company_until_the_next_look(
    places: int, across: list[float], *, crowded: bool
) -> None:
    heads = Heads(*across)
    people = stepped(People(heads, 0.0, SignerConfig(), places=places), 0.0)  # type: ignore[arg-type]
    assert people.crowded == crowded
    heads.across = [300]
    assert not stepped(people, 1.1).crowded


# From here on the networks look.


def landmarker(signers: int = 1, **options: float) -> Landmarker:
    return Landmarker(Config().landmarks, MODELS, dataclasses.replace(SignerConfig(), **options), signers)


def follow(reader: Landmarker, images: list[Image], start: float = 0.0, fps: float = 15.0) -> list[list[Landmarks]]:
    return [reader.step_all(Frame(image, start + index / fps, index)) for index, image in enumerate(images)]


def seen_at(landmarks: Landmarks, truth: Floats) -> bool:
    return min(error(landmarks, side, truth) for side in SIDES) < SEEN


def shaken(image: Image, count: int) -> list[Image]:
    """The picture with something that moves in its lower corner, so that no look is saved."""
    images = [image.copy() for _ in range(count)]
    for index, each in enumerate(images):
        cv2.rectangle(each, (0, 400), (60 + 60 * (index % 2), 470), (40, 200, 90), -1)
    return images


def test_a_neighbour_s_hand_is_not_the_signer_s_other_hand() -> None:
    picture, left, right = side_by_side("B", "L", gap=450)
    for zone_x, mine, other in ((0.2, left, right), (0.8, right, left)):
        for (landmarks,) in follow(landmarker(zone_x=zone_x, zone_width=0.2), shaken(picture, 12)):
            assert seen_at(landmarks, mine)
            assert not seen_at(landmarks, other)
            assert (landmarks.presence > 0).sum() == 1


def test_two_signers_are_read_at_once_each_with_an_own_hand() -> None:
    picture, left, right = side_by_side("V", "Y", gap=450)
    seen = follow(landmarker(signers=2, zone_x=0.2, zone_width=0.2), shaken(picture, 10))
    for first, second in seen[1:]:
        assert seen_at(first, left)
        assert seen_at(second, right)
        assert (first.presence > 0).sum() == (second.presence > 0).sum() == 1


def test_the_second_place_stays_empty_with_one_person() -> None:
    image = empty_picture().copy()
    truth = sprite("B").paste(image, 250, 230)
    for first, second in follow(landmarker(signers=2), shaken(image, 8)):
        assert seen_at(first, truth)
        assert np.isnan(second.pose).all()
        assert not second.presence.any()


def test_a_hand_without_a_body_is_the_first_signer_s() -> None:
    image = np.full((480, 640, 3), 120, np.uint8)
    truth = sprite("B").paste(image, 320, 240)
    first, second = follow(landmarker(signers=2), [image] * 3)[-1]
    assert seen_at(first, truth)
    assert not second.presence.any()


def test_when_the_first_signer_leaves_the_second_one_s_hand_stays_theirs() -> None:
    picture, _, right = side_by_side("L", "Y", gap=450)
    reader = landmarker(signers=2, zone_x=0.2, zone_width=0.2, hold_seconds=0.5)
    follow(reader, shaken(picture, 10))
    seen = follow(reader, shaken(hidden(picture, 0), 25), start=10 / 15)
    assert not any(first.presence.any() for first, _ in seen), "nobody is at the first place"
    assert all(seen_at(second, right) for _, second in seen)


@pytest.mark.parametrize("before", [13, 16])
def test_a_second_signer_who_is_hidden_for_a_moment_is_read_at_once_afterwards(before: int) -> None:
    picture, _, right = side_by_side("V", "Y", gap=450)
    reader = landmarker(signers=2, zone_x=0.2, zone_width=0.2)
    follow(reader, shaken(picture, before))
    follow(reader, shaken(hidden(picture, 1), 5), start=before / 15)
    seen = follow(reader, shaken(picture, 5), start=(before + 5) / 15)
    assert all(seen_at(second, right) and np.isfinite(second.pose).all() for _, second in seen[2:])


def test_two_who_stand_close_are_not_read_as_one_person_twice() -> None:
    picture = joined(empty_picture(), empty_picture(), gap=300)
    for first, second in follow(landmarker(signers=2, zone_x=0.2, zone_width=0.2), shaken(picture, 30)):
        shoulders = abs(first.pose[11, 0] - first.pose[12, 0])
        assert not abs(first.pose[0, 0] - second.pose[0, 0]) < shoulders / 2


def hidden(picture: Image, who: int) -> Image:
    """The left (0) or the right half covered, by somebody who passes."""
    image, half = picture.copy(), picture.shape[1] // 2
    image[:, who * half : (who + 1) * half] = (60, 60, 70)
    return image


def test_who_steps_up_to_the_counter_is_read_instead_of_the_one_behind() -> None:
    reader = landmarker(switch_seconds=1.0)
    behind, both, far, near = queue()
    first = follow(reader, shaken(behind, 10))
    assert seen_at(first[-1][0], far)
    then = follow(reader, shaken(both, 75), start=10 / 15)
    assert seen_at(then[3][0], far), "not at once"
    assert seen_at(then[-1][0], near)
    assert not seen_at(then[-1][0], far)
    assert [times_left(seen) for seen in (first, then)] == [0, 1], "another signer"


def test_when_the_signer_leaves_the_next_one_is_read() -> None:
    reader = landmarker(hold_seconds=1.0)
    behind, both, far, near = queue()
    first = follow(reader, shaken(both, 10))
    assert seen_at(first[-1][0], near)
    then = follow(reader, shaken(behind, 35), start=10 / 15)
    assert not any(seen_at(landmarks, far) for (landmarks,) in then[4:14]), "the place is kept for a moment"
    assert seen_at(then[-1][0], far)
    assert [times_left(seen) for seen in (first, then[:5], then)] == [0, 0, 1], "only once the first one is let go"


def times_left(seen: list[list[Landmarks]]) -> int:
    """How often the first place's signer left."""
    return sum(first.signer_left for first, *_ in seen)


def queue() -> tuple[Image, Image, Floats, Floats]:
    """Somebody small behind at the right alone; the same with somebody large in front; where their hands are."""
    near, far = empty_picture().copy(), empty_picture().copy()
    near_hand, far_hand = sprite("B").paste(near, 250, 230), sprite("L").paste(far, 210, 150)
    behind = np.full((480, 960, 3), near[5, 5], np.uint8)
    small = cv2.resize(far, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    behind[20 : 20 + small.shape[0], 960 - small.shape[1] :] = small
    both = behind.copy()
    both[:, :640] = near
    return behind, both, far_hand * 0.5 + (960 - small.shape[1], 20), near_hand


def test_with_several_signers_every_event_says_whose_it_is() -> None:
    """Two spell side by side; each gets letters of their own."""
    config = dataclasses.replace(
        Config(), signers=2, signer=dataclasses.replace(SignerConfig(), zone_x=0.2, zone_width=0.2)
    )
    pipeline = Pipeline(config, MODELS)
    picture, _, _ = side_by_side("L", "Y", gap=450)
    events = [event for index in range(40) for event in pipeline.step(Frame(picture, index / 15, index))]
    events += pipeline.finish(40 / 15)
    letters = {(event.body["signer"], event.body["label"]) for event in events if event.topic == "letter"}
    assert letters == {(1, "L"), (2, "Y")}
    captions = {(event.body["signer"], event.body["text"]) for event in events if event.topic == "caption"}
    assert captions >= {(1, "L"), (2, "Y")}
    assert not {(1, "Y"), (2, "L")} & captions
    assert {event.body["signer"] for event in events if event.topic == "state"} == {1}
    assert all(set(event.body) & {"signer"} for event in events)


def test_with_several_signers_what_commands_and_a_lost_camera_give_bears_an_id_too() -> None:
    pipeline = Pipeline(dataclasses.replace(Config(), signers=2), MODELS)
    pipeline.camera_lost = True
    given = pipeline.state(0.0)
    for name in ("clear", "backspace", "speak"):
        given += pipeline.command(name, 1.0)
    assert {event.topic for event in given} >= {"state"}
    assert {event.body["signer"] for event in given} == {1}


def test_several_signers_share_one_lexicon_and_their_landmarks_are_forgotten_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made: list[str | None] = []
    monkeypatch.setattr(edge.pipeline, "Lexicon", lambda own_words: made.append(own_words) or Lexicon(own_words))
    own_words = tmp_path / "own.txt"
    own_words.write_text("WUPPERTAL\n")
    captions = CaptionsConfig(own_words=str(own_words))
    pipeline = Pipeline(dataclasses.replace(Config(), signers=3, captions=captions), MODELS)
    assert made == [str(own_words)]
    forgotten: list[None] = []
    monkeypatch.setattr(pipeline.landmarker, "reset", lambda: forgotten.append(None))
    composers = [reader.composer for reader in pipeline.signers]
    assert len(composers) == 3
    pipeline.reset()
    assert len(forgotten) == 1
    for reader, composer in zip(pipeline.signers, composers, strict=True):
        assert reader.composer is not composer


def test_practice_is_everybodys_and_a_reload_keeps_everybodys_captions() -> None:
    def letter(label: str, ts: float) -> Emission:
        return Emission("letter", label, 0.9, ((label, 0.9),), ts, ts, ts, "right")

    pipeline, again = (Pipeline(dataclasses.replace(Config(), signers=2), MODELS) for _ in range(2))
    pipeline.signers[1].composer.step(1.0, [letter("A", 1.0)], hand_up=True)
    begun = pipeline.practise(2.0, on=True)
    assert [(event.body["signer"], event.body["text"]) for event in begun] == [(1, ""), (2, "")]
    assert pipeline.signers[1].composer.text == ""
    assert pipeline.practise(2.1, on=True) == [], "asked for twice it clears nothing"
    (state,) = pipeline.state(2.2)
    assert state.body["practice"] is True
    pipeline.signers[1].composer.step(3.0, [letter("B", 3.0)], hand_up=True)
    again.continue_from(pipeline)
    assert again.practice
    assert again.signers[1].composer.text == "B"
    assert all(event.body["practice"] is True for event in again.finish(9.0))


def test_a_reload_takes_nobody_for_gone() -> None:
    """The retained `state` of the new pipeline is that of the old one, until a frame changes it."""
    before, after = (Pipeline(Config(), MODELS) for _ in range(2))
    image = empty_picture().copy()
    sprite("L").paste(image, 250, 230)
    events = [event for index in range(15) for event in before.step(Frame(image, index / 15, index))]
    last = [event.body for event in events if event.topic == "state"][-1]
    assert (last["signer_present"], last["silent"]) == (True, None)
    after.continue_from(before)
    assert [event.body for event in after.state(1.1)] == [last]
    assert not [event for event in after.step(Frame(image, 1.2, 16)) if event.topic == "state"]


def test_a_reload_leaves_everybody_at_their_place() -> None:
    """The first to come has the first place, though the zone is the other one's, who would be chosen first now."""
    config = dataclasses.replace(
        Config(), signers=2, signer=dataclasses.replace(SignerConfig(), zone_x=0.8, zone_width=0.2)
    )
    picture, left, right = side_by_side("L", "Y", gap=450)
    before, after = (Pipeline(config, MODELS) for _ in range(2))
    for index, image in enumerate([*shaken(hidden(picture, 1), 12), *shaken(picture, 12)]):
        before.step(Frame(image, index / 15, index))
    after.continue_from(before)
    for index, image in enumerate(shaken(picture, 4)):
        first, second = after.landmarker.step_all(Frame(image, 1.6 + index / 15, index))
    assert seen_at(first, left)
    assert seen_at(second, right)


def test_with_one_signer_events_are_as_ever() -> None:
    pipeline = Pipeline(Config(), MODELS)
    image = empty_picture().copy()
    sprite("L").paste(image, 250, 230)
    events = [event for index in range(30) for event in pipeline.step(Frame(image, index / 15, index))]
    assert [event.body["label"] for event in events if event.topic == "letter"] == ["L"]
    assert not any("signer" in event.body for event in events)
