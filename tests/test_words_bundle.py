"""The word bundle that is shipped: small, fast, silent on noise, the same for either hand."""

import dataclasses
import time
from pathlib import Path

import numpy as np
import pytest

from edge.bundle import Bundle
from edge.errors import InputError
from edge.labels import NOTHING
from edge.tflite import Network
from edge.word_features import CHANNELS, POINTS, WORD_GRID_STEPS
from edge.words import WordModel
from training.figures import floor_of, is_emitted
from training.sources import may_train
from training.store import Clip
from training.words import card
from training.words.bundle import open_bundle
from training.words.data import CORE, read_words
from training.words.judge import judge, judgeable, table_of

BUNDLE = Path(__file__).resolve().parent.parent / "models" / "words"


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return open_bundle(BUNDLE)


@pytest.fixture(scope="module")
def clips(shared_data: Path) -> list[Clip]:
    """Every fifteenth clip that the model may know: only what must hold anyway is asserted."""
    return [clip for clip in read_words([shared_data / "words.parquet"]) if may_train(clip, "all")][::15]


def test_the_card_beside_the_bundle_is_the_one_that_its_makers_write(bundle: Bundle) -> None:
    written = (BUNDLE / "CARD.md").read_text("utf-8")
    assert card._head(bundle) in written
    assert "Reads 44 signs" in written, "those that are said, as the README has it"
    assert card.EXPERIMENTS.read_text("utf-8").strip() in written
    assert card._sources() in written


def test_the_bundle_is_small_and_knows_what_a_counter_needs(bundle: Bundle) -> None:
    assert bundle.file().stat().st_size < 2_000_000
    assert set(CORE) <= set(bundle.labels)
    assert bundle.labels[-1] == NOTHING
    point = bundle.operating_point
    assert not set(point["disabled"]) & set(CORE), "no core word is disabled"
    assert all(0.25 < floor_of(label, point) < 1 for label in CORE)
    assert floor_of(NOTHING, point) > 1
    assert all(floor_of(label, point) > 1 for label in point["disabled"])


def test_the_manifest_tells_how_well_each_label_is_read(bundle: Bundle) -> None:
    metrics = bundle.manifest["metrics"]
    assert set(bundle.operating_point["disabled"]) <= set(bundle.labels)
    assert set(CORE) <= set(metrics["per_label"])
    assert bundle.manifest["parity"]["agreement"] >= 0.99


def test_one_decision_takes_a_few_milliseconds(bundle: Bundle) -> None:
    model = WordModel(bundle)
    rng = np.random.default_rng(0)
    times, points = np.arange(45) / 30, rng.normal(300, 50, (45, POINTS, 3)).astype(np.float32)
    taken = []
    for _ in range(50):
        begin = time.perf_counter()
        model.read(times, points, 0.0, 1.4)
        taken.append(time.perf_counter() - begin)
    assert min(taken) < 0.03, "measured: 3 ms; ten times that on a loaded machine"


def test_noise_and_emptiness_are_no_word(bundle: Bundle) -> None:
    model = WordModel(bundle)
    rng = np.random.default_rng(1)
    noise = [rng.uniform(-1, 1, (WORD_GRID_STEPS, CHANNELS)).astype(np.float32) for _ in range(200)]
    table = np.stack([model.probabilities(window) for window in noise])
    assert is_emitted(table, bundle.labels, bundle.operating_point).mean() < 0.1
    empty = model.probabilities(np.zeros((WORD_GRID_STEPS, CHANNELS), np.float32))
    assert not is_emitted(empty[None], bundle.labels, bundle.operating_point).any()


def test_the_logits_are_made_from_the_embedding(bundle: Bundle) -> None:
    """Same windows, same embedding; other windows, another one."""
    model = WordModel(bundle)
    windows = np.random.default_rng(2).uniform(-1, 1, (2, 3, WORD_GRID_STEPS, CHANNELS)).astype(np.float32)
    (probabilities, embedding), (_, other) = (model.mean(cuts) for cuts in windows)
    np.testing.assert_array_equal(embedding, model.mean(windows[0])[1])
    assert probabilities.shape == (len(bundle.labels),)
    assert embedding.ndim == 1
    assert embedding.shape == other.shape
    assert np.abs(embedding - other).max() > 0.1


def test_a_network_without_an_embedding_is_refused_in_one_line(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Network, "output_shapes", property(lambda _: [(1, len(bundle.labels))]))
    with pytest.raises(InputError, match=r"the network gives no embedding; quantize it again$"):
        WordModel(bundle)


@pytest.mark.shared
def test_known_signers_are_read(bundle: Bundle, clips: list[Clip]) -> None:
    verdicts = judge([clip for clip in clips if judgeable(clip, bundle.labels) and clip.label in CORE], bundle)
    right = [bundle.labels[int(verdict.probabilities.argmax())] == verdict.label for verdict in verdicts]
    assert len(right) > 100
    assert np.mean(right) > 0.85


@pytest.mark.shared
def test_either_hand_is_read_alike(bundle: Bundle, clips: list[Clip]) -> None:
    chosen = [clip for clip in clips if judgeable(clip, bundle.labels)][::4]
    left_handed = []
    for clip in chosen:
        hands, pose = clip.hands[:, ::-1].copy(), clip.pose.copy()
        hands[..., 0], pose[..., 0] = 1 - hands[..., 0], 1 - pose[..., 0]
        pose[:, [11, 12, 13, 14, 15, 16]] = pose[:, [12, 11, 14, 13, 16, 15]]
        left_handed.append(dataclasses.replace(clip, hands=hands, pose=pose))
    first, second = table_of(judge(chosen, bundle)), table_of(judge(left_handed, bundle))
    assert (first.argmax(axis=1) == second.argmax(axis=1)).mean() > 0.9
