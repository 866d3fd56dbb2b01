"""Turns a finished float .tflite network into a trainable Keras model, and back into the file."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from edge.errors import AslEdgeError
from edge.types import Floats
from training.landmarks.graph import constant, load, operator_name, packed, set_constant, sign

_WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
_ACTIVATIONS = {0: lambda x: x, 1: ops.relu, 3: ops.relu6}
_SAME = 0

Tensor = Any
"""A tensor of whichever backend Keras runs on."""


class Weighted(keras.layers.Layer):  # type: ignore[misc] # Keras has no types
    """A convolution or matrix, with its weights in the file's order.

    MediaPipe has folded its batch normalisation into the weights, so those of neighbouring channels differ by orders
    of magnitude. Each output channel's weights are trained in units of their own size.
    """

    def __init__(self, name: str, kind: str, options: Any, weights: Floats, bias: Floats) -> None:
        super().__init__(name=name)
        self._kind, self._activation = kind, _ACTIVATIONS[options.fusedActivationFunction]
        if kind != "FULLY_CONNECTED":
            self._stride, self._padding = options.strideH, "same" if options.padding == _SAME else "valid"
        others = tuple(range(weights.ndim - 1)) if kind == "DEPTHWISE_CONV_2D" else tuple(range(1, weights.ndim))
        self._scales = (
            np.maximum(np.sqrt(np.mean(weights**2, axis=others, keepdims=True)), 1e-4),
            np.full_like(bias, max(float(np.sqrt(np.mean(bias**2))), 1e-3)),
        )
        self._parts = [
            self.add_weight(shape=values.shape, initializer=_start(values / scale))
            for values, scale in zip((weights, bias), self._scales, strict=True)
        ]

    def call(self, x: Tensor) -> Tensor:
        weights, bias = (part * scale for part, scale in zip(self._parts, self._scales, strict=True))
        if self._kind == "FULLY_CONNECTED":
            x = ops.matmul(x, ops.transpose(weights))
        else:
            convolve = ops.conv if self._kind == "CONV_2D" else ops.depthwise_conv
            x = convolve(x, ops.transpose(weights, (1, 2, 3, 0)), self._stride, self._padding)
        return self._activation(x + bias)

    def values(self) -> tuple[Floats, Floats]:
        """Weights and bias as the file holds them."""
        weights, bias = (
            ops.convert_to_numpy(part) * scale for part, scale in zip(self._parts, self._scales, strict=True)
        )
        return weights, bias


def _start(values: Floats) -> Callable[..., Tensor]:
    return lambda _, dtype: ops.cast(values, dtype)


def trainable(content: bytes) -> Any:
    """The network of a float .tflite file with float32 weights (`graph.prepare`), operator by operator.

    From (B, side, side, 3), BGR from 0 to 1, to every output of the file; logits instead of probabilities.

    Raises:
        AslEdgeError: the network has an operator unknown here.
    """
    model = load(content)
    graph = model.subgraphs[0]
    start = int(graph.inputs[0])
    tensors = {start: keras.Input(tuple(int(length) for length in graph.tensors[start].shape[1:]))}
    for number, operator in enumerate(graph.operators):
        tensors[int(operator.outputs[0])] = _applied(model, number, operator, tensors)
    return keras.Model(tensors[start], [tensors[int(index)] for index in graph.outputs])


def _applied(model: Any, number: int, operator: Any, tensors: dict[int, Tensor]) -> Tensor:
    name = operator_name(model, operator)
    first, *rest = (int(index) for index in operator.inputs)
    x = tensors[first]
    if name == "ADD":
        return _ACTIVATIONS[operator.builtinOptions.fusedActivationFunction](x + tensors[rest[0]])
    if name == "PAD":
        return ops.pad(x, constant(model, rest[0], np.int32).tolist())
    if name == "MEAN":
        return ops.mean(x, (1, 2))
    if name == "LOGISTIC":
        return x
    if name not in _WEIGHTED:
        raise AslEdgeError(f"{name}: no such operator can be trained here; write it into {__file__}")
    weights, bias = (constant(model, index) for index in rest[:2])
    return Weighted(_layer(number), name, operator.builtinOptions, weights, bias)(x)


def _layer(number: int) -> str:
    return f"operator_{number}"


def written(content: bytes, network: Any) -> bytes:
    """The file `network` was made from, with its present weights and without what `with_output` added."""
    model = load(content)
    graph = model.subgraphs[0]
    for number, operator in enumerate(graph.operators):
        if operator_name(model, operator) in _WEIGHTED:
            values = network.get_layer(_layer(number)).values()
            for index, value in zip(list(operator.inputs)[1:3], values, strict=True):
                set_constant(model, int(index), value)
    graph.outputs = list(graph.outputs)[:-1]
    sign(model)
    return packed(model)


def with_output(content: bytes, operator: str) -> bytes:
    """The same network with one more output: that of the last operator of this name."""
    model = load(content)
    graph = model.subgraphs[0]
    made = [int(one.outputs[0]) for one in graph.operators if operator_name(model, one) == operator]
    graph.outputs = [*graph.outputs, made[-1]]
    model.signatureDefs = []
    return packed(model)
