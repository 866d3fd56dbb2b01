"""A Keras model to a static int8 .tflite file, and its float twin."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from edge.tflite import Network
from edge.types import Floats

_CALIBRATION_ROWS = 2000


def calibration_rows(features: NDArray[np.float16]) -> Floats:
    """A fixed random choice of training features, to set the int8 ranges."""
    rows = np.random.default_rng(0).choice(len(features), min(_CALIBRATION_ROWS, len(features)), replace=False)
    return features[rows].astype(np.float32)


def to_int8(model: Any, features: Floats) -> bytes:
    """Quantize weights and activations; `features` (N, ...) are typical inputs that set the ranges."""
    converter = _converter(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([row[None].astype(np.float32)] for row in features)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    return bytes(converter.convert())


def to_float(model: Any) -> bytes:
    """The same graph in float32."""
    return bytes(_converter(model).convert())


def agreement_of(model: Any, content: bytes, rows: Floats) -> float:
    """Share of (N, ...) inputs on which a .tflite file, in the edge's interpreter, gives the float model's best label.

    Where a model has several outputs, labels are the first.
    """
    outputs = model.predict(rows, verbose=0)
    exact = (outputs[0] if isinstance(outputs, list) else outputs).argmax(axis=1)
    return float((exact == first_output(content, rows).argmax(axis=1)).mean())


def first_output(content: bytes, rows: Floats) -> Floats:
    """(N, labels) from a .tflite file for (N, ...) inputs, in the edge's interpreter."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.tflite")
        path.write_bytes(content)
        network = Network(path)
        return np.concatenate([network.run(row[None])[0] for row in rows])


def _converter(model: Any) -> Any:
    """Keras 3 variables must first be frozen into constants, or litert silently runs the unfrozen graph."""
    size = [int(n) for n in model.inputs[0].shape[1:]]
    call = tf.function(lambda features: model(features, training=False))
    concrete = call.get_concrete_function(tf.TensorSpec((1, *size), tf.float32, name="features"))
    return tf.lite.TFLiteConverter.from_concrete_functions([convert_variables_to_constants_v2(concrete)])
