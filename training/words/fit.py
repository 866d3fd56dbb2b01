"""The training loop: rounds of samples, a cosine learning rate, mixed-up windows, averaged weights."""

import logging
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from edge.prototypes import unit
from edge.types import Floats
from training.words.config import WordConfig
from training.words.network import Network, build, finished
from training.words.samples import Samples

log = logging.getLogger(__name__)
Draw = Callable[[int], Samples]
_MEAN_ROWS = 9000
"""Windows of words used for the means."""


def fit(draw: Draw, config: WordConfig, labels: int) -> Network:
    """Train a network for `config.rounds` rounds."""
    keras.utils.set_random_seed(config.seed)
    model = build(config, labels)
    members = keras.Model(model.inputs, model.outputs[:-1])
    steps = config.rounds * config.passes * (config.round_samples // config.batch)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps, warmup_target=config.learning_rate, warmup_steps=min(200, steps // 10)
    )
    optimizer = keras.optimizers.AdamW(
        schedule, weight_decay=config.weight_decay, use_ema=True, ema_momentum=0.99, global_clipnorm=1.0
    )
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=config.label_smoothing)
    members.compile(optimizer=optimizer, loss=[loss] * config.members, jit_compile=False)
    for number in range(config.rounds):
        mean = _one_round(members, draw(number), config, labels, number)
        log.info("round %d of %d: loss %.4f", number + 1, config.rounds, mean)
    optimizer.finalize_variable_values(members.trainable_variables)  # the averaged weights
    return finished(model, word_means(model, draw(0), labels), config)


def word_means(model: Network, samples: Samples, labels: int) -> Floats:
    """(D, labels - 1): each word's mean embedding, of length one; zero for a word without samples."""
    rows = np.flatnonzero(samples.labels < labels - 1)[:_MEAN_ROWS]
    embeddings = unit(model.predict(samples.inputs(rows), batch_size=512, verbose=0)[-1])
    own = np.eye(labels - 1, dtype=np.float32)[samples.labels[rows]]
    return unit(own.T @ embeddings).T


def _one_round(members: Any, samples: Samples, config: WordConfig, labels: int, number: int) -> float:
    rng = np.random.default_rng((config.seed, number))
    one_hot = np.eye(labels, dtype=np.float32)
    losses = []
    for _ in range(config.passes):
        order = rng.permutation(len(samples.labels))
        for start in range(0, len(order) - config.batch + 1, config.batch):
            rows = order[start : start + config.batch]
            features, targets = _mixed(samples.inputs(rows), one_hot[samples.labels[rows]], config, rng)
            losses.append(np.ravel(members.train_on_batch(features, [targets] * config.members))[0])
    return float(np.mean(losses))


def _mixed(features: Any, targets: Any, config: WordConfig, rng: np.random.Generator) -> tuple[Any, Any]:
    """Mixup: a window between two has an answer between two words."""
    if not config.mixup:
        return features, targets
    share = np.float32(rng.beta(config.mixup, config.mixup))
    return share * features + (1 - share) * features[::-1], share * targets + (1 - share) * targets[::-1]
