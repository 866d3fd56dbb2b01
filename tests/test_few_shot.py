"""Teaching is measured on what the network never saw, by other people where there are any."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="needs the training extra")

from word_store import clip

from training.words.bundle import open_bundle
from training.words.few_shot import TAUGHT, Pupil
from training.words.taught_threshold import fit_calibration

BUNDLE = Path(__file__).resolve().parent.parent / "models" / "words"
GLOSSES = [f"{letter}{letter}" for letter in "abcdefghijkl"]


@pytest.fixture(scope="module")
def pupil() -> Pupil:
    clips = [clip(gloss, signer, n, "webcam_made") for gloss in GLOSSES for signer in range(3) for n in range(3)]
    clips += [clip("alone", 7, n, "webcam_made") for n in range(8)]
    clips += [clip("stranger", 0, n, "webcam_made") for n in range(6)]
    return Pupil(open_bundle(BUNDLE), clips, {"webcam_made:0"}, {*GLOSSES, "alone"})


def test_others_teach_than_are_read_and_no_recording_does_both(pupil: Pupil) -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        lessons = pupil.lessons(rng, 5)
        assert len({lesson.gloss for lesson in lessons}) == TAUGHT
        for lesson in lessons:
            examples, tests = ({pupil.clips[k].signer for k in places} for places in (lesson.examples, lesson.tests))
            assert lesson.by_others == (lesson.gloss != "alone")
            assert bool(examples & tests) != lesson.by_others
            assert not set(lesson.examples) & set(lesson.tests)
            assert {pupil.clips[k].label for k in lesson.examples + lesson.tests} == {lesson.gloss}


def test_glosses_that_are_judged_set_no_threshold(pupil: Pupil) -> None:
    rng = np.random.default_rng(0)
    avoided = set(GLOSSES[:3])
    lessons = pupil.lessons(rng, 5, avoided)
    assert lessons
    assert not {lesson.gloss for lesson in lessons} & avoided
    unknown, _ = pupil.strangers(lessons, rng, avoided)
    assert not {pupil.clips[k].label for k in unknown} & avoided
    assert not pupil.lessons(rng, 5, GLOSSES[:4]), "nine glosses are no ten"


def test_the_floor_lets_one_unknown_sign_in_twenty_through() -> None:
    rng = np.random.default_rng(0)
    unknown, taught = rng.normal(0.7, 0.05, 4000), rng.normal(0.9, 0.05, 4000)
    right = taught > 0.85
    point = fit_calibration(taught.astype(np.float32), right, unknown.astype(np.float32))
    assert (unknown >= point["floor"]).mean() == pytest.approx(0.05, abs=0.005)
    assert point["middle"] == pytest.approx(0.85, abs=0.01)
    assert 0 < point["width"] < 0.02
