"""The word networks that were compared; both look at one window, whose last step is the moment of decision."""

from typing import Any

import keras

from edge.word_features import CHANNELS, GRID_STEPS
from training.words.config import WordConfig


def build(config: WordConfig, labels: int) -> Any:
    """(B, GRID_STEPS, CHANNELS) to (B, labels) logits and the (B, D) embedding that they are made from.

    Conv1D and dense layers only, which int8 runs fast (FACTS 1).
    """
    window = keras.Input((GRID_STEPS, CHANNELS), name="features")
    body = {"separable": _separable, "strided": _strided}[config.network]
    embedding = body(window, config)
    hidden = keras.layers.Dropout(config.dropout)(embedding)
    return keras.Model(window, [keras.layers.Dense(labels, name="logits")(hidden), embedding])


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
    """Ever fewer steps of ever more channels; the order of what is left is kept."""
    layers = keras.layers
    x = layers.Conv1D(config.width, 1, activation="relu")(layers.SpatialDropout1D(config.dropout / 3)(window))
    for factor in (1.25, 1.5, 1.75)[: config.blocks]:
        x = layers.Conv1D(round(factor * config.width), 5, strides=2, padding="same", use_bias=False)(x)
        x = layers.Activation("relu")(layers.BatchNormalization()(x))
    return layers.Flatten()(x)
