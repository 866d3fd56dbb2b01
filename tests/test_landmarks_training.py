"""How the hand network is made smaller: the trainable copy is the file, and lessons show hands."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow")
import tensorflow as tf

from edge.bundle import load_bundle
from edge.demo.signer import DemoSigner
from edge.errors import InputError
from edge.landmarks.crop import Region
from edge.landmarks.hands import HANDS_TAG, HandNetworks
from edge.tflite import Network
from tests.test_landmarks_making import bottleneck, run
from training.landmarks import quantize
from training.landmarks.crops import SIDES
from training.landmarks.trainable import Trainable, resized
from training.landmarks.variations import vary

MODELS = Path(__file__).parent.parent / "models"


def pixels(side: int) -> np.ndarray:
    return np.random.default_rng(1).random((1, side, side, 3)).astype(np.float32)


def test_the_trainable_network_answers_as_its_file(tmp_path: Path) -> None:
    content = bottleneck(dead=4)
    for wanted, got in zip(run(tmp_path, content, pixels(16)), Trainable(content)(pixels(16)), strict=True):
        np.testing.assert_allclose(got.numpy(), wanted, rtol=1e-4, atol=1e-4)


def test_what_was_trained_is_what_is_written(tmp_path: Path) -> None:
    network = Trainable(bottleneck(dead=0))
    with tf.GradientTape() as tape:
        before = tf.reduce_mean(network(pixels(16))[1] ** 2)
    for variable, slope in zip(
        network.trainable_variables, tape.gradient(before, network.trainable_variables), strict=True
    ):
        if slope is not None:
            variable.assign_sub(0.01 * slope)
    trained = network(pixels(16))
    assert tf.reduce_mean(trained[1] ** 2) < before
    for wanted, got in zip(trained, run(tmp_path, network.written(outputs=2), pixels(16)), strict=True):
        np.testing.assert_allclose(got, wanted.numpy(), rtol=1e-4, atol=1e-4)


def test_a_smaller_crop_needs_no_other_weights(tmp_path: Path) -> None:
    content = bottleneck(dead=0)
    smaller = resized(content, 8, points=0)
    first, second = run(tmp_path, smaller, pixels(8))
    assert first.shape == second.shape == (1, 8, 8, 4)
    half, same = Trainable(content)(pixels(8))
    np.testing.assert_allclose(first, half.numpy() / 2, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(second, same.numpy(), rtol=1e-4, atol=1e-4)


def test_varied_pictures_show_the_hand_where_they_say() -> None:
    networks = HandNetworks(load_bundle(MODELS / "hands", task="hands", features=HANDS_TAG))
    image = next(frame.image for frame, truth in DemoSigner("B", seed=1) if truth.in_picture and frame.ts > 0.8)
    region = networks.find(image)[0]
    rng = np.random.default_rng(0)
    seen = 0
    for _ in range(60):
        varied, place = vary(image, region, rng)
        seen += networks.read(varied, place) is not None
    assert seen >= 45, "seven in a hundred are moved beside the hand on purpose"
    beside = Region(region.x + 2 * region.size, region.y, region.size)
    assert networks.read(image, beside) is None


def test_the_shipped_hand_network_takes_the_crop_it_was_calibrated_with() -> None:
    network = Network(load_bundle(MODELS / "hands", task="hands", features=HANDS_TAG).file("hand"))
    assert network.input_shape == (1, SIDES["hand"], SIDES["hand"], 3)


def test_quantizing_asks_for_the_trained_network(tmp_path: Path) -> None:
    for name in ("images", "clips"):
        (tmp_path / name).mkdir()
    with pytest.raises(InputError, match=r"training\.train landmarks"):
        quantize.main(["--data", str(tmp_path), "--hand", str(tmp_path / "none.tflite")])
