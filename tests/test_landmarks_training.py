"""How the hand network is made smaller: the trainable copy is the file, lessons show hands, and it learns."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow")
import keras

from edge.bundle import load_bundle
from edge.demo.signer import DemoSigner
from edge.errors import InputError
from edge.landmarks.crop import Region
from edge.landmarks.hands import HANDS_TAG, HandNetworks
from edge.tflite import Network
from edge.types import Image
from tests.test_landmarks_making import bottleneck, run
from training.landmarks import distillation, quantize
from training.landmarks.crops import INPUT_SIDE_PX
from training.landmarks.fit import fit, judge
from training.landmarks.graph import resized, scaled
from training.landmarks.trainable import trainable, with_output, written
from training.landmarks.variations import vary

MODELS = Path(__file__).parent.parent / "models"


def pixels(side: int) -> np.ndarray:
    return np.random.default_rng(1).random((1, side, side, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def networks() -> HandNetworks:
    return HandNetworks(load_bundle(MODELS / "hands", task="hands", features=HANDS_TAG))


@pytest.fixture(scope="module")
def image() -> Image:
    return next(frame.image for frame, truth in DemoSigner("B", seed=1) if truth.in_picture and frame.ts > 0.8)


def test_the_trainable_network_answers_as_its_file(tmp_path: Path) -> None:
    content = bottleneck(dead=4)
    for wanted, got in zip(
        run(tmp_path, content, pixels(16)), trainable(content).predict_on_batch(pixels(16)), strict=True
    ):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-4)


def test_what_was_trained_is_what_is_written(tmp_path: Path) -> None:
    content = with_output(bottleneck(dead=0), "CONV_2D")
    network = trainable(content)
    before = network.predict_on_batch(pixels(16))
    network.compile(optimizer="sgd", loss=["mse"] * len(before), jit_compile=False)
    network.train_on_batch(pixels(16), [np.zeros_like(part) for part in before])
    after = network.predict_on_batch(pixels(16))
    assert np.abs(after[1] - before[1]).max() > 1e-3
    for wanted, got in zip(after[:-1], run(tmp_path, written(content, network), pixels(16)), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-4)


def test_a_smaller_crop_needs_no_other_weights(tmp_path: Path) -> None:
    content = bottleneck(dead=0)
    first, second = run(tmp_path, scaled(resized(content, 8), output=0, factor=0.5), pixels(8))
    assert first.shape == second.shape == (1, 8, 8, 4)
    half, same = trainable(resized(content, 8)).predict_on_batch(pixels(8))
    np.testing.assert_allclose(first, half / 2, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(second, same, rtol=1e-4, atol=1e-4)


def test_varied_pictures_show_the_hand_where_they_say(networks: HandNetworks, image: Image) -> None:
    region = networks.find(image)[0]
    rng = np.random.default_rng(0)
    seen = 0
    for _ in range(60):
        varied, place = vary(image, region, rng)
        seen += networks.read(varied, place) is not None
    assert seen >= 45, "seven in a hundred are moved beside the hand on purpose"
    beside = Region(region.x + 2 * region.size, region.y, region.size)
    assert networks.read(image, beside) is None


def test_lessons_differ_and_come_again_the_same(tmp_path: Path, networks: HandNetworks, image: Image) -> None:
    distillation.save(distillation.find([image, image], networks), tmp_path / "hands.npz")
    found = distillation.load(tmp_path / "hands.npz")
    assert len(found) == 2
    assert max(region.size for region in found[0].regions) <= 256.01
    first, again = (
        [lot for _, lot in zip(range(2), distillation.batches(tmp_path / "hands.npz", 2, 1), strict=False)]
        for _ in range(2)
    )
    for one, other in zip(first, again, strict=True):
        assert [part.shape[1] for part in one] == [INPUT_SIDE_PX["original hand"], INPUT_SIDE_PX["hand"]]
        np.testing.assert_array_equal(one[1], other[1])
    assert not np.array_equal(first[0][1], first[1][1])


def small_network(side: int) -> Any:
    """Outputs as the hand network's: points, two logits, features."""
    start = keras.Input((side, side, 3))
    features = keras.layers.GlobalAveragePooling2D()(
        keras.layers.Conv2D(8, 3, strides=2, activation="relu")(keras.layers.Conv2D(8, 3, activation="relu")(start))
    )
    heads = [keras.layers.Dense(width)(features) for width in (63, 1, 1)]
    return keras.Model(start, [*heads, features])


def test_a_network_learns_to_answer_as_another() -> None:
    keras.utils.set_random_seed(1)
    original, smaller = small_network(12), small_network(8)
    original.layers[-3].set_weights([np.random.default_rng(0).normal(0, 1, (8, 63)), np.arange(63) / 40])
    original.layers[-2].set_weights([np.zeros((8, 1)), np.full(1, 3.0)])
    smaller.set_weights(original.get_weights())  # as a resized network starts; points are in pixels of the crop

    def lots() -> Iterator[tuple[Image, Image]]:
        for number in itertools.count():
            flat = np.random.default_rng(number).integers(0, 256, (32, 1, 1, 3), np.uint8)
            yield flat.repeat(12, 1).repeat(12, 2), flat.repeat(8, 1).repeat(8, 2)

    unseen = next(lots())
    before = judge(smaller, original, unseen)
    fit(smaller, original, lots(), 600, unseen)
    after = judge(smaller, original, unseen)
    assert after["error_median"] < 0.5 * before["error_median"]
    assert after["agree"] == 1.0


def test_the_shipped_networks_take_the_crops_they_were_calibrated_with() -> None:
    bundle = load_bundle(MODELS / "hands", task="hands", features=HANDS_TAG)
    for role in bundle.sha256:
        assert Network(bundle.file(role)).input_shape == (1, INPUT_SIDE_PX[role], INPUT_SIDE_PX[role], 3)


def test_quantizing_asks_for_the_trained_network(tmp_path: Path) -> None:
    for name in ("images", "clips"):
        (tmp_path / name).mkdir()
    with pytest.raises(InputError, match=r"training\.train landmarks"):
        quantize.main(["--data", str(tmp_path), "--hand", str(tmp_path / "none.tflite")])
