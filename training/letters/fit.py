"""The training loop: rounds of fresh samples, a cosine learning rate, a checkpoint after every round."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from training.letters.config import LetterConfig
from training.letters.data import LABELS
from training.letters.network import build
from training.letters.windows import Samples

log = logging.getLogger(__name__)
Draw = Callable[[int], Samples]
"""Maps a round's number to its samples."""


def fit(draw: Draw, config: LetterConfig, folder: Path | None = None) -> Any:
    """Train a network for `config.rounds` rounds, starting from the checkpoint in `folder` if there is one."""
    keras.utils.set_random_seed(config.seed)
    model = build(config)
    steps = config.rounds * config.passes * (config.round_samples // config.batch)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps, warmup_target=config.learning_rate, warmup_steps=min(200, steps // 10)
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=config.weight_decay, use_ema=True, ema_momentum=0.995)
    model.compile(optimizer=optimizer, loss=_loss(config), jit_compile=False)
    first = _restore(model, folder)
    for number in range(first, config.rounds):
        loss = _one_round(model, draw(number), config, number)
        log.info("round %d of %d: loss %.4f", number + 1, config.rounds, loss)
        _save(model, folder, number + 1)
    optimizer.finalize_variable_values(model.trainable_variables)  # the averaged weights
    return model


def _loss(config: LetterConfig) -> Any:
    return keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=config.label_smoothing)


def _one_round(model: Any, samples: Samples, config: LetterConfig, number: int) -> float:
    rng = np.random.default_rng((config.seed, number))
    one_hot = np.eye(len(LABELS), dtype=np.float32)
    losses = []
    for _ in range(config.passes):
        order = rng.permutation(len(samples.labels))
        for start in range(0, len(order) - config.batch + 1, config.batch):
            rows = order[start : start + config.batch]
            losses.append(
                model.train_on_batch(samples.features[rows].astype(np.float32), one_hot[samples.labels[rows]])
            )
    return float(np.mean(losses))


def _save(model: Any, folder: Path | None, rounds: int) -> None:
    if folder is None:
        return
    model.save(folder / "checkpoint.partial.keras")
    (folder / "checkpoint.partial.keras").replace(folder / "checkpoint.keras")
    (folder / "progress.json").write_text(json.dumps({"rounds": rounds}))


def _restore(model: Any, folder: Path | None) -> int:
    """Load weights and optimizer state; returns the number of rounds done."""
    if folder is None or not (folder / "progress.json").exists():
        return 0
    saved = keras.models.load_model(folder / "checkpoint.keras")
    model.set_weights(saved.get_weights())
    model.optimizer.build(model.trainable_variables)
    saved_state: dict[str, Any] = {}
    saved.optimizer.save_own_variables(saved_state)
    model.optimizer.load_own_variables(saved_state)
    return int(json.loads((folder / "progress.json").read_text())["rounds"])
