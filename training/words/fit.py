"""The training loop: rounds of samples, a cosine learning rate, mixed-up windows, averaged weights."""

import logging
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from training.words.config import WordConfig
from training.words.network import build
from training.words.sampling import INPUT_STEP, Samples

log = logging.getLogger(__name__)
Draw = Callable[[int], Samples]


def fit(draw: Draw, config: WordConfig, labels: int) -> Any:
    """Train a network for `config.rounds` rounds."""
    keras.utils.set_random_seed(config.seed)
    model = build(config, labels)
    steps = config.rounds * config.passes * (config.round_samples // config.batch)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps, warmup_target=config.learning_rate, warmup_steps=min(200, steps // 10)
    )
    optimizer = keras.optimizers.AdamW(
        schedule, weight_decay=config.weight_decay, use_ema=True, ema_momentum=0.99, global_clipnorm=1.0
    )
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=config.label_smoothing)
    model.compile(optimizer=optimizer, loss=[loss, None], jit_compile=False)
    for number in range(config.rounds):
        mean = _one_round(model, draw(number), config, labels, number)
        log.info("round %d of %d: loss %.4f", number + 1, config.rounds, mean)
    optimizer.finalize_variable_values(model.trainable_variables)  # the averaged weights
    return less_nothing(model, config)


def less_nothing(model: Any, config: WordConfig) -> Any:
    """Make `nothing`, the last label, less likely by a fixed amount."""
    kernel, bias = model.get_layer("logits").get_weights()
    bias[-1] -= config.nothing_less
    model.get_layer("logits").set_weights([kernel, bias])
    return model


def _one_round(model: Any, samples: Samples, config: WordConfig, labels: int, number: int) -> float:
    rng = np.random.default_rng((config.seed, number))
    one_hot = np.eye(labels, dtype=np.float32)
    losses = []
    for _ in range(config.passes):
        order = rng.permutation(len(samples.labels))
        for start in range(0, len(order) - config.batch + 1, config.batch):
            rows = order[start : start + config.batch]
            features = samples.features[rows].astype(np.float32) * np.float32(INPUT_STEP)
            losses.append(model.train_on_batch(*_mixed(features, one_hot[samples.labels[rows]], config, rng)))
    return float(np.mean(losses))


def _mixed(features: Any, targets: Any, config: WordConfig, rng: np.random.Generator) -> tuple[Any, Any]:
    """Mixup: between two windows the answer is between two words."""
    if not config.mixup:
        return features, targets
    share = np.float32(rng.beta(config.mixup, config.mixup))
    return share * features + (1 - share) * features[::-1], share * targets + (1 - share) * targets[::-1]
