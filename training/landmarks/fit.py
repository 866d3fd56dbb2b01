"""Trains the smaller hand network to answer as the original one does."""

import logging
import time
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from training.landmarks.distillation import SEED, CropPair
from training.landmarks.trainable import Tensor

log = logging.getLogger(__name__)

_RATE = 3e-3
"""Relative to each channel's weights."""
_DECAY = 0.998
"""Of the running mean of the weights, which is what is saved."""
_REPORT = 500
"""Steps between two reports."""


class Distiller(keras.Model):  # type: ignore[misc] # Keras has no types
    """The smaller network and the original one, each with its own crops of the same hands."""

    def __init__(self, smaller: Any, original: Any, crops: CropPair) -> None:
        """Both give points in pixels of their crop, two logits and the features behind them; `crops` is a sample."""
        super().__init__()
        self.smaller, self.original = smaller, original
        original.trainable = False
        self._spread = ops.convert_to_numpy(_answers(original, crops[0])[3]).std(axis=0) + 0.02

    def call(self, crops: tuple[Tensor, Tensor]) -> list[Tensor]:
        outputs: list[Tensor] = self.smaller(ops.cast(crops[1], "float32") / 255)
        return outputs

    def compute_loss(self, x: Any, y: Any, y_pred: Any, *_: Any, **__: Any) -> Tensor:  # noqa: ARG002 - as Keras calls
        answers = self.original(ops.cast(x[0], "float32") / 255)
        sides = x[0].shape[1], x[1].shape[1]
        return _loss(y_pred, [ops.stop_gradient(answer) for answer in answers], sides, self._spread)


def _loss(got: list[Tensor], wanted: list[Tensor], sides: tuple[int, int], spread: Any) -> Tensor:
    """Of points in hand sizes where the original sees a hand, of logits, and of features in units of their spread."""
    points = ops.reshape(wanted[0], (-1, 21, 3)) / sides[0]
    seen = ops.sigmoid(wanted[1][:, 0])
    extent = ops.max(points[..., :2], axis=1) - ops.min(points[..., :2], axis=1)
    size = ops.maximum(ops.max(extent, axis=-1), 0.1)
    apart = (ops.reshape(got[0], (-1, 21, 3)) / sides[1] - points) / size[:, None, None]
    distance = ops.sqrt(ops.sum((apart * np.array([1.0, 1.0, 0.4], np.float32)) ** 2, axis=-1) + 0.003**2)
    of_points = ops.mean(seen * ops.mean(distance, axis=-1))
    presence = ops.mean(_cross_entropy(seen, got[1][:, 0]))
    right = ops.mean(seen * _cross_entropy(ops.sigmoid(wanted[2][:, 0]), got[2][:, 0]))
    of_features = ops.mean(((got[3] - wanted[3]) / spread) ** 2)
    return 10 * of_points + 0.2 * presence + 0.1 * right + 0.2 * of_features


def _cross_entropy(share: Tensor, logit: Tensor) -> Tensor:
    return ops.binary_crossentropy(share, logit, from_logits=True)


def fit(smaller: Any, original: Any, batches: Iterator[CropPair], steps: int, unseen: CropPair) -> None:
    """Adam with a cosine learning rate; at the end the weights are their running mean."""
    keras.utils.set_random_seed(SEED)
    distiller = Distiller(smaller, original, next(batches))
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps - steps // 20, alpha=0.02, warmup_target=_RATE, warmup_steps=max(steps // 20, 1)
    )
    optimizer = keras.optimizers.Adam(rate, global_clipnorm=1.0, use_ema=True, ema_momentum=_DECAY)
    distiller.compile(optimizer=optimizer, jit_compile=keras.config.backend() == "jax")
    epochs = max(round(steps / _REPORT), 1)
    distiller.fit(
        ((crops,) for crops in batches),
        epochs=epochs,
        steps_per_epoch=steps // epochs,
        callbacks=[_Report(unseen)],
        verbose=0,
    )


class _Report(keras.callbacks.Callback):  # type: ignore[misc] # Keras has no types
    def __init__(self, unseen: CropPair) -> None:
        super().__init__()
        self._unseen, self._started = unseen, time.monotonic()

    def on_epoch_end(self, _: int, logs: dict[str, float] | None = None) -> None:
        result = judge(self.model.smaller, self.model.original, self._unseen)
        steps, seconds = int(self.model.optimizer.iterations), time.monotonic() - self._started
        log.info("%d steps, %.0f s: %s; held out %s", steps, seconds, logs, result)


def judge(smaller: Any, original: Any, crops: CropPair) -> dict[str, float]:
    """Landmark error in hand sizes where the original sees a hand, and how often both see one, or neither does."""
    got, wanted = _answers(smaller, crops[1]), _answers(original, crops[0])
    apart = [
        outputs[0].reshape(-1, 21, 3)[..., :2] / part.shape[1]
        for outputs, part in zip((wanted, got), crops, strict=True)
    ]
    seen = wanted[1][:, 0] > 0
    size = np.ptp(apart[0], axis=1).max(axis=-1)
    error = (np.linalg.norm(apart[1] - apart[0], axis=-1).mean(axis=-1) / size)[seen]
    return {
        "crops": len(seen),
        "agree": round(float(((got[1][:, 0] > 0) == seen).mean()), 4),
        "same_side": round(float(((got[2] > 0) == (wanted[2] > 0))[seen].mean()), 4),
        "error_median": round(float(np.median(error)), 4),
        "error_p95": round(float(np.percentile(error, 95)), 4),
    }


def _answers(network: Any, crops: Any) -> list[Any]:
    """Every output for (N, side, side, 3) crops, as arrays."""
    starts = range(0, len(crops), 64)
    lots = [network.predict_on_batch(crops[start : start + 64].astype(np.float32) / 255) for start in starts]
    return [np.concatenate(parts) for parts in zip(*lots, strict=True)]
