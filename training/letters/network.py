"""The letter network: what the hand is now, and what it has drawn."""

from typing import Any

import keras

from edge.features import FEATURE_SIZE, LETTER_GRID_STEPS, MOTION_CHANNELS, SHAPE_SIZE
from training.letters.config import LetterConfig
from training.letters.data import LABELS


def build(config: LetterConfig) -> Any:
    """(B, FEATURE_SIZE) to (B, labels) logits; only dense layers and Conv1D, which are fast in int8."""
    layers = keras.layers
    features = keras.Input((FEATURE_SIZE,), name="features")
    shape = features[:, :SHAPE_SIZE]
    for units in config.shape_units:
        shape = layers.Dense(units, activation="relu")(shape)
        shape = layers.Dropout(config.shape_dropout)(shape)
    motion = layers.Reshape((LETTER_GRID_STEPS, MOTION_CHANNELS))(features[:, SHAPE_SIZE:])
    motion = layers.Conv1D(24, 5, strides=2, activation="relu")(motion)
    motion = layers.Conv1D(32, 5, strides=2, activation="relu")(motion)
    motion = layers.Dense(48, activation="relu")(layers.Flatten()(motion))
    motion = layers.Dropout(config.motion_dropout)(motion)
    logits = layers.Dense(len(LABELS), name="logits")(layers.Concatenate()([shape, motion]))
    return keras.Model(features, logits)
