"""The letter bundle that is shipped: small, fast, silent on noise, the same for either hand."""

import string
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.bundle import UNFITTED_FLOORS, Bundle, load_bundle
from edge.demo import DemoSigner
from edge.errors import InputError
from edge.features import FEATURES_TAG
from edge.labels import MOTION_LETTERS, NOTHING
from edge.letter_reader import LetterReader
from edge.letters import LetterModel
from edge.operating_point import OperatingPoint
from edge.types import Floats, Landmarks
from edge.windows import LetterWindows
from training.figures import floor_of
from training.letters.judge import judge, judgeable
from training.letters.noise import noise_accepted
from training.store import Clip, read_store

BUNDLE = Path(__file__).resolve().parent.parent / "models" / "letters"
NOBODY = np.full((33, 4), np.nan, np.float32)


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle(BUNDLE, task="letters", features=FEATURES_TAG)


@pytest.fixture(scope="module")
def clips(shared_data: Path) -> list[Clip]:
    """Every thirtieth clip of the shared letters: known to the model, so only what must hold anyway is asserted."""
    every = (clip for clip in read_store(shared_data / "letters.parquet") if clip.label in (*string.ascii_uppercase,))
    return [clip for index, clip in enumerate(every) if index % 30 == 0]


def emitted(bundle: Bundle, frames: Iterator[Landmarks] | list[Landmarks]) -> list[str]:
    """The best label of each frame that reaches its floor."""
    reader = LetterReader(bundle)
    said = []
    for frame in frames:
        reader.step(frame)
        if reader.scores is not None:
            best = int(reader.scores.probabilities.argmax())
            if reader.scores.probabilities[best] >= floor_of(bundle.labels[best], bundle.operating_point):
                said.append(bundle.labels[best])
    return said


def seen(points: Floats, ts: float = 0.0) -> Landmarks:
    """A frame with one right hand, (21, 3) in pixels of a square picture of 1000."""
    hands = np.full((2, 21, 3), np.nan, np.float32)
    hands[1] = points / 1000
    return Landmarks(ts, 1000, 1000, hands, np.array([0, 1], np.float32), NOBODY, 100.0)


def test_the_bundle_is_small_and_knows_the_alphabet(bundle: Bundle) -> None:
    assert bundle.file().stat().st_size < 200_000
    assert bundle.labels == (*string.ascii_uppercase, NOTHING)
    assert all(0 < floor_of(letter, bundle.operating_point) < 1 for letter in string.ascii_uppercase)
    assert floor_of(NOTHING, bundle.operating_point) > 1


def test_without_a_floor_in_the_manifest_daemon_and_figures_take_the_same(bundle: Bundle) -> None:
    unfitted = replace(bundle, manifest=bundle.manifest | {"operating_point": {}}).operating_point
    assert OperatingPoint.of(unfitted).floor == floor_of("A", unfitted) == UNFITTED_FLOORS["letters"]


def test_one_letter_takes_less_than_a_millisecond(bundle: Bundle) -> None:
    model, features = LetterModel(bundle), np.zeros(bundle.manifest["input"][1], np.float32)
    times = []
    for _ in range(200):
        begin = time.perf_counter()
        model.probabilities(features)
        times.append(time.perf_counter() - begin)
    assert min(times) < 0.001, "other programs run meanwhile: the fastest counts"


@pytest.mark.parametrize("palms", [0.3, 1.0, 3.0])
def test_noise_is_no_letter(bundle: Bundle, palms: float) -> None:
    rng = np.random.default_rng(3)
    frames = [seen(500 + 80 * palms * rng.standard_normal((21, 3)).astype(np.float32), ts=float(i)) for i in range(800)]
    assert len(emitted(bundle, frames)) < 8


@pytest.mark.parametrize("spread", [0.3, 1.0, 3.0])
def test_random_features_are_no_letter(bundle: Bundle, spread: float) -> None:
    model, rng = LetterModel(bundle), np.random.default_rng(5)
    floors = np.array([floor_of(label, bundle.operating_point) for label in model.labels])
    said = 0
    for row in spread * rng.standard_normal((800, bundle.manifest["input"][1])):
        probabilities = model.probabilities(row.astype(np.float32))
        said += bool(probabilities.max() >= floors[probabilities.argmax()])
    assert said < 8


@pytest.mark.shared
def test_a_hand_lost_in_noise_is_no_letter(bundle: Bundle, clips: list[Clip]) -> None:
    shares = noise_accepted([clip for clip in clips if clip.still], bundle, 800)
    assert shares["hand"][0] < 0.02, "wanted: 0.01; noise of 0.3 hand widths still leaves something of the hand"
    assert max(shares["hand"][1:]) < 0.005


def test_a_network_with_other_labels_is_refused(bundle: Bundle) -> None:
    other = Bundle(**{name: getattr(bundle, name) for name in bundle.__slots__} | {"labels": ("A", "B")})
    with pytest.raises(InputError, match="27 outputs for 2 labels"):
        LetterModel(other)


@pytest.mark.shared
def test_known_signers_are_read(bundle: Bundle, clips: list[Clip]) -> None:
    verdicts = judge([clip for clip in clips if judgeable(clip, bundle.labels)], bundle)
    right = [bundle.labels[int(verdict.probabilities.argmax())] == verdict.label for verdict in verdicts]
    assert len(right) > 1000
    assert np.mean(right) > 0.95


def test_the_figures_are_those_of_the_daemons_reader_and_not_of_the_network_alone(bundle: Bundle) -> None:
    """A D that is carried slanting looks to the network as a Z does."""
    signer = DemoSigner("D", hand="right", fps=30)
    still = next(landmarks for landmarks, truth in signer.landmarks() if truth.letter == "D")
    gone = np.clip(np.linspace(-1, 2, 45), 0, 1)[:, None, None, None]
    hands = still.hands + gone * np.array([-0.21, 0.21, 0], np.float32)
    clip = Clip("d", "D", "letter", "s", "s", "", 30.0, still.width, still.height, hands, np.zeros((0, 33, 4)))
    windows, model = LetterWindows(), LetterModel(bundle)
    alone = [model.step(window) for each in clip.landmarks() if (window := windows.step(each)) is not None]
    z = bundle.labels.index("Z")
    assert max(scores.probabilities[z] for scores in alone) > 0.5
    (verdict,) = judge([clip], bundle)
    assert verdict.probabilities[z] < 0.1
    assert bundle.labels[int(verdict.probabilities.argmax())] == "D"


@pytest.mark.shared
def test_either_hand_is_read_alike(bundle: Bundle, clips: list[Clip]) -> None:
    stills = [clip for clip in clips if clip.still][::5]
    mirrored = []
    for clip in stills:
        hands = clip.hands[:, ::-1].copy()
        hands[..., 0] = 1 - hands[..., 0]
        mirrored.append(Clip(**{name: getattr(clip, name) for name in Clip.__slots__} | {"hands": hands}))
    for one, other in zip(judge(stills, bundle), judge(mirrored, bundle), strict=True):
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=0.1)
        assert one.probabilities.argmax() == other.probabilities.argmax()


@pytest.mark.shared
@pytest.mark.parametrize("way", [(0.25, 0.0), (0.0, 0.3), (-0.21, 0.21)], ids=["across", "down", "slanting"])
def test_static_letters_carried_somewhere_are_not_said_as_drawn_ones(
    bundle: Bundle, clips: list[Clip], way: tuple[float, float]
) -> None:
    """Held for 0.7 s, then carried for 0.6 s and held there: an I goes down as a J begins, a D slants as a Z does."""
    stills = [clip for clip in clips if clip.still and clip.label not in MOTION_LETTERS]
    carried = stills[::20] + [clip for clip in stills if clip.label in "IDX"][::4]
    drawn = 0
    for clip in carried:
        still = next(clip.landmarks())
        reader = LetterReader(bundle)
        for i in range(60):
            gone = np.clip((i / 30 - 0.7) / 0.6, 0, 1)
            hands = still.hands + np.array([*way, 0], np.float32) * gone**2 * (3 - 2 * gone)
            frame = Landmarks(i / 30, still.width, still.height, hands, still.presence, NOBODY, 0)
            drawn += any(letter.label in MOTION_LETTERS for letter in reader.step(frame))
    assert len(carried) > 100
    assert drawn / len(carried) < 0.01
