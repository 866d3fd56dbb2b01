"""The word network that is shipped: members averaged, `nothing` for what is like no word, all in one graph."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="needs the training extra")

import keras

from edge.prototypes import unit
from edge.word_features import CHANNELS, WORD_GRID_STEPS
from training.words.config import WordConfig
from training.words.fit import word_means
from training.words.network import build, finished
from training.words.samples import INPUT_STEP, Samples

LABELS = 5
CONFIG = WordConfig(members=2, width=16, blocks=1, nothing_less=1.5, strange=40.0, familiar=0.85)


def windows(count: int) -> Any:
    return np.random.default_rng(3).uniform(-1, 1, (count, WORD_GRID_STEPS, CHANNELS)).astype(np.float32)


@pytest.fixture(scope="module")
def trained() -> Any:
    keras.utils.set_random_seed(1)
    return build(CONFIG, LABELS)


def test_members_are_averaged_and_what_is_like_no_word_leans_to_nothing(trained: Any) -> None:
    seen = windows(6)
    first, second, embedding = trained.predict(seen, verbose=0)
    means = unit(embedding[:4]).T  # windows 0 to 3 are the words themselves
    logits, given = finished(trained, means, CONFIG).predict(seen, verbose=0)
    assert np.allclose(given, embedding, atol=1e-5)
    mean = (first + second) / 2
    assert np.allclose(logits[:, :-1], mean[:, :-1], atol=1e-4), "words are told apart as before"
    nearest = (unit(embedding) @ means).max(axis=1)
    wanted = CONFIG.strange * (CONFIG.familiar - np.maximum(nearest, 0.5)) - CONFIG.nothing_less
    assert np.allclose(logits[:, -1] - mean[:, -1], wanted, atol=1e-3)
    assert np.allclose(nearest[:4], 1, atol=1e-5)
    assert nearest[4:].max() < 1


def test_a_member_alone_is_a_network_too() -> None:
    config = WordConfig(members=1, width=16, blocks=1)
    alone = build(config, LABELS)
    embedding = alone.predict(windows(4), verbose=0)[-1]
    shipped = finished(alone, unit(embedding).T, config)
    assert [output.shape[-1] for output in shipped.outputs] == [LABELS, embedding.shape[1]]


def test_words_without_samples_lie_nowhere(trained: Any) -> None:
    labels = np.array([0, 0, 2, 2, 4, 4])
    features = np.rint(windows(6) / INPUT_STEP).astype(np.int8)
    names = np.array(["x"] * 6)
    means = word_means(trained, Samples(features, labels, np.stack([names, names], axis=1), names), LABELS)
    lengths = np.linalg.norm(means, axis=0)
    assert np.allclose(lengths, [1, 0, 1, 0], atol=1e-5), "the fifth label is `nothing`, which has no mean"
