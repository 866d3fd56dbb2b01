"""Which words may be said, and how sure the network must be: floors, words shipped disabled, `active`, taught signs."""

from pathlib import Path

import numpy as np
import pytest
from word_scenes import NO_HAND, SHIPPED, WAVING, embedded, frames, hands_of, lasting, read, talkative, without_floors

from edge.bundle import Bundle
from edge.prototypes import NO_SIGNS, Prototypes, SimilarityCalibration
from edge.types import Emission, Floats
from edge.word_features import frame_points
from edge.word_reader import WordReader
from edge.words import WordModel, span_features
from training.store import read_store
from training.words.bundle import open_bundle

SCENE = frames([*hands_of("stone"), *lasting(NO_HAND, 1.0)])
DOUBT = 4.0
"""A temperature at which the network is half sure of what it is certain of otherwise."""


def said_by(bundle: Bundle, *active: str) -> list[Emission]:
    return read(WordReader(bundle, active or None), SCENE)


@pytest.fixture(scope="module")
def doubtful(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return talkative(tmp_path_factory.mktemp("doubtful"), temperature=DOUBT)


@pytest.fixture(scope="module")
def sure(doubtful: Bundle) -> float:
    """How sure the doubtful network is of the sign, among all its words."""
    (word,) = said_by(doubtful)
    assert word.label == WAVING
    assert 0.2 < word.confidence < 0.8
    return word.confidence


@pytest.mark.parametrize(("more", "count"), [(-0.01, 1), (0.01, 0)])
def test_a_word_is_said_from_its_own_floor_on(more: float, count: int, sure: float, tmp_path: Path) -> None:
    other = 1.0 if count else 0.0
    bundle = talkative(tmp_path, temperature=DOUBT, floor=other, floors={WAVING: sure + more, "yes": other})
    assert len(said_by(bundle)) == count


@pytest.mark.parametrize(("more", "count"), [(-0.01, 1), (0.01, 0)])
def test_a_word_without_a_floor_of_its_own_has_everybodys(more: float, count: int, sure: float, tmp_path: Path) -> None:
    bundle = talkative(tmp_path, temperature=DOUBT, floor=sure + more, floors={"yes": 0.0})
    reader = WordReader(bundle)
    assert len(read(reader, SCENE)) == count
    assert reader.abstentions == 1 - count


@pytest.mark.parametrize(("temperature", "count"), [(DOUBT, 0), (1.0, 1)])
def test_a_bundle_that_names_no_floor_must_be_sure(temperature: float, count: int, tmp_path: Path) -> None:
    bundle = talkative(tmp_path, temperature=temperature)
    del bundle.manifest["operating_point"]["floor"]
    assert len(said_by(bundle)) == count


def test_a_word_shipped_disabled_is_silent_unless_it_is_named_active(tmp_path: Path) -> None:
    bundle = talkative(tmp_path, disabled=[WAVING])
    assert WAVING not in [word.label for word in said_by(bundle)]
    assert WAVING not in [name for word in said_by(bundle) for name, p in word.alternatives if p > 0]
    assert [word.label for word in said_by(bundle, WAVING)] == [WAVING]
    assert [word.label for word in said_by(bundle, WAVING, "yes")] == [WAVING]
    assert WAVING not in [word.label for word in said_by(bundle, "yes")]


def test_the_fewer_words_are_active_the_surer_is_each(doubtful: Bundle, sure: float) -> None:
    """What the others had is shared out, `nothing` keeping its part."""
    (of_few,), (alone,) = said_by(doubtful, WAVING, "yes", "no", "help"), said_by(doubtful, WAVING)
    assert sure + 0.1 < of_few.confidence < alone.confidence < 1
    assert sum(p for _, p in of_few.alternatives) == pytest.approx(1, abs=0.05)
    active = dict(alone.alternatives)
    assert active[WAVING] + active["nothing"] == pytest.approx(1, abs=1e-5)
    assert {name for name, p in alone.alternatives if p > 0} == {WAVING, "nothing"}


def test_a_word_that_was_too_doubtful_among_all_may_be_said_among_few(sure: float, tmp_path: Path) -> None:
    bundle = talkative(tmp_path, temperature=DOUBT, floor=sure + 0.05)
    assert said_by(bundle) == []
    assert [word.label for word in said_by(bundle, WAVING, "yes")] == [WAVING]


def test_what_the_network_calls_nothing_is_never_said(tmp_path: Path) -> None:
    """Under their own names the shipped labels leave made-up signs `nothing`, which needs no floor to stay unsaid."""
    reader = WordReader(without_floors(tmp_path))
    assert read(reader, SCENE) == []
    assert reader.abstentions == 1


def test_alternatives_begin_with_the_word_and_fall(doubtful: Bundle) -> None:
    (word,) = said_by(doubtful)
    assert word.alternatives[0] == (word.label, word.confidence)
    probabilities = [p for _, p in word.alternatives]
    assert len(probabilities) == 4
    assert probabilities == sorted(probabilities, reverse=True)


@pytest.fixture(scope="module")
def embedding(doubtful: Bundle) -> Floats:
    """Of the sign as the reader reads it."""
    return embedded(hands_of("stone"), WordModel(doubtful))


@pytest.mark.parametrize(("middle", "label"), [(0.2, "stone"), (1.5, WAVING)])
def test_of_a_taught_sign_and_a_word_the_surer_one_is_said(
    middle: float, label: str, doubtful: Bundle, embedding: Floats
) -> None:
    taught = Prototypes({"stone": embedding[None]}, SimilarityCalibration(floor=0.5, middle=middle, width=0.5))
    (word,) = read(WordReader(doubtful, taught=taught), SCENE)
    assert word.label == label
    assert word.alternatives[0] == (label, word.confidence)
    assert len(word.alternatives) == 4


def test_the_likeness_says_how_sure_a_taught_sign_is() -> None:
    """Even odds at the middle, one width above it three to one, below the floor nothing."""
    taught = Prototypes(
        {"ticket": np.array([[1.0, 0.0]], np.float32)}, SimilarityCalibration(floor=0.6, middle=0.8, width=0.1)
    )

    def sure(cosine: float) -> float | None:
        nearest = taught.nearest(np.array([cosine, np.sqrt(1 - cosine**2)], np.float32))
        return nearest and round(nearest[1], 3)

    assert [sure(cosine) for cosine in (0.55, 0.7, 0.8, 0.9)] == [None, 0.269, 0.5, 0.731]


def test_where_nothing_was_taught_or_tested_nothing_is_near() -> None:
    one = np.array([1.0, 0.0], np.float32)
    assert NO_SIGNS.nearest(one) is None
    untested = Prototypes({"ticket": one[None]}, SimilarityCalibration.of({"temperature": 1.0}))
    assert untested.nearest(one) is None, "not even the recording itself"


def test_a_taught_sign_is_said_where_the_network_knows_no_word(tmp_path: Path, embedding: Floats) -> None:
    bundle = talkative(tmp_path, floor=1.1)
    likeness = SimilarityCalibration(floor=0.9, middle=0.9, width=0.05)
    assert said_by(bundle) == []
    near, far = Prototypes({"stone": embedding[None]}, likeness), Prototypes({"stone": -embedding[None]}, likeness)
    assert [word.label for word in read(WordReader(bundle, taught=near), SCENE)] == ["stone"]
    assert read(WordReader(bundle, taught=far), SCENE) == []


def test_a_sign_shipped_disabled_and_taught_here_is_read_by_what_was_taught(tmp_path: Path, embedding: Floats) -> None:
    """Even where `active` names it: the network's own reading of it is what was found wanting."""
    bundle = talkative(tmp_path, disabled=[WAVING])
    unlike = Prototypes({WAVING: -embedding[None]}, SimilarityCalibration(floor=0.9, middle=0.9, width=0.05))
    alike = Prototypes({WAVING: embedding[None]}, SimilarityCalibration(floor=0.9, middle=0.9, width=0.05))
    for active in (None, [WAVING]):
        assert WAVING not in [word.label for word in read(WordReader(bundle, active, unlike), SCENE)]
        (word,) = read(WordReader(bundle, active, alike), SCENE)
        assert word.label == WAVING
        assert word.confidence == pytest.approx(1 / (1 + np.exp(-2)), abs=0.05), "as sure as the likeness is"


def test_a_span_is_read_cut_in_several_ways_and_the_mean_counts(doubtful: Bundle) -> None:
    """Where a sign begins and ends is not known better: no single cut decides."""
    model = WordModel(doubtful)
    times, points = np.array([each.ts for each in SCENE]), np.stack([frame_points(each) for each in SCENE])
    windows = span_features(times, points, 0.0, 1.2)
    whole, *cuts = windows
    assert any(np.abs(cut[0] - whole[0]).max() > 0.01 for cut in cuts), "the beginning is cut off"
    assert any(np.abs(cut[-1] - whole[-1]).max() > 0.01 for cut in cuts), "and the end"
    each = [model.mean(window[None]) for window in windows]
    probabilities, embedding = model.read(times, points, 0.0, 1.2)
    np.testing.assert_allclose(probabilities, np.mean([p for p, _ in each], axis=0), atol=1e-5)
    np.testing.assert_allclose(embedding, np.mean([e for _, e in each], axis=0), atol=1e-4)
    assert all(np.abs(e - embedding).max() > 0.05 for _, e in each), "each cut looks different to the network"


@pytest.mark.shared
def test_people_who_do_not_sign_say_a_word_in_2_of_100_clips_at_most(shared_data: Path) -> None:
    """Through the reader as the daemon does; the shipped network was shown most of them as `nothing`."""
    bundle = open_bundle(SHIPPED)
    idle = [clip for clip in read_store(shared_data / "words.parquet") if clip.kind == "idle" and not clip.still]
    speaking = 0
    for clip in idle:
        seen, reader = list(clip.landmarks()), WordReader(bundle)
        speaking += bool(read(reader, seen) + reader.finish(seen[-1].ts))
    assert len(idle) >= 100
    assert speaking / len(idle) <= 0.02
