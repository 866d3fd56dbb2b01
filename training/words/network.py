"""The word networks that were compared; both see one window, whose last step is the moment of decision."""

from typing import Any

import keras
import numpy as np

from edge.types import Floats
from edge.word_features import CHANNELS, WORD_GRID_STEPS
from training.convert import first_output, to_int8
from training.words.config import WordConfig

Network = Any
"""A Keras model."""

_FAR = 0.5
"""All cosines below this count alike, which leaves the 256 steps of int8 to those above."""


def build(config: WordConfig, labels: int) -> Network:
    """(B, WORD_GRID_STEPS, CHANNELS) to every member's (B, labels) logits and the (B, D) embedding of all.

    Only Conv1D and dense layers, which are fast in int8.
    """
    window = keras.Input((WORD_GRID_STEPS, CHANNELS), name="features")
    body = {"separable": _separable, "strided": _strided}[config.network]
    embeddings = [body(window, config) for _ in range(config.members)]
    logits = [
        keras.layers.Dense(labels, name=f"logits_{number}")(keras.layers.Dropout(config.dropout)(embedding))
        for number, embedding in enumerate(embeddings)
    ]
    joined = keras.layers.Concatenate(name="embedding")(embeddings) if config.members > 1 else embeddings[0]
    return keras.Model(window, [*logits, joined])


def finished(model: Network, means: Floats, config: WordConfig) -> Network:
    """The network to ship: (B, labels) logits, averaged over members, and the (B, D) embedding.

    `means` (D, labels - 1), columns of length one: the words' mean embeddings. `nothing`, the last label, becomes less
    likely by a fixed amount, and more likely the farther the embedding is from the nearest word's.
    """
    layers = keras.layers
    *members, embedding = model.outputs
    logits = layers.Average()(members) if len(members) > 1 else members[0]
    closeness = layers.Dense(means.shape[1], "relu", name="closeness")
    nearest = keras.ops.max(closeness(layers.UnitNormalization()(embedding)), axis=-1, keepdims=True)
    nothing = layers.Dense(means.shape[1] + 1, name="nothing")
    full = keras.Model(model.inputs, [layers.Add(name="logits")([logits, nothing(nearest)]), embedding])
    closeness.set_weights([means, np.full(means.shape[1], -_FAR, np.float32)])
    last = np.eye(means.shape[1] + 1, dtype=np.float32)[-1]
    bias = config.strange * (config.familiar - _FAR) - config.nothing_less
    nothing.set_weights([-config.strange * last[None], bias * last])
    return full


def to_faithful_int8(model: Network, windows: Floats) -> bytes:
    """Static int8; `windows` (N, WORD_GRID_STEPS, CHANNELS) set the ranges.

    The nearest of 54 rounded cosines is a little too near. What that takes from `nothing` on average is measured and
    given back in its bias (bias correction, Nagel et al. 2019).
    """
    exact = model.predict(windows, verbose=0)[0]
    gap = (first_output(to_int8(model, windows), windows) - exact)[:, -1].mean()
    kernel, bias = model.get_layer("nothing").get_weights()
    corrected = bias.copy()
    corrected[-1] -= gap
    model.get_layer("nothing").set_weights([kernel, corrected])
    content = to_int8(model, windows)
    model.get_layer("nothing").set_weights([kernel, bias])
    return content


def _separable(window: Any, config: WordConfig) -> Any:
    """Depthwise over time, pointwise over channels, with residuals; mean and maximum over the window."""
    layers = keras.layers
    x = layers.Conv1D(config.width, 1)(layers.SpatialDropout1D(config.dropout / 3)(window))
    for _ in range(config.blocks):
        y = layers.DepthwiseConv1D(7, padding="same")(x)
        y = layers.BatchNormalization()(y)
        y = layers.Conv1D(2 * config.width, 1, activation="relu")(y)
        x = layers.Add()([x, layers.Conv1D(config.width, 1)(y)])
    return layers.Concatenate()([layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)])


def _strided(window: Any, config: WordConfig) -> Any:
    """Ever fewer steps of ever more channels; their order is kept."""
    layers = keras.layers
    x = layers.Conv1D(config.width, 1, activation="relu")(layers.SpatialDropout1D(config.dropout / 3)(window))
    for factor in (1.25, 1.5, 1.75)[: config.blocks]:
        x = layers.Conv1D(round(factor * config.width), 5, strides=2, padding="same", use_bias=False)(x)
        x = layers.Activation("relu")(layers.BatchNormalization()(x))
    return layers.Flatten()(x)
