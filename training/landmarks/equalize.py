"""Makes the channels of a float network about equally wide, so that one int8 range fits them all.

A tensor's range is set by its widest channel; one of a hundredth of that keeps three steps of 255. What a channel is
multiplied by, the weights that read it are divided by; PReLU, maximum, sum and interpolation do not mind where all
channels that they tie together are multiplied alike. The factors are powers of two, so the float network answers as
before to the last bit.

Source: M. Nagel et al., Data-Free Quantization Through Weight Equalization and Bias Correction, ICCV 2019; here with
measured ranges, and across residual connections.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from edge.types import Floats
from training.landmarks.graph import activations, constant, load, operator_name, packed, set_constant

_BOUND = 3
"""Factors from 1/8 to 8. Up to 32, channels that say next to nothing take steps from those that say something: of the
palms of calibration pictures 26 are lost instead of 16."""
_FAINT = 1e-6
"""Channels and weights below that share of the greatest count as this."""
_TYING = ("ADD", "PRELU", "MAX_POOL_2D", "PAD", "RESIZE_BILINEAR")
_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
_LINEAR = (schema.ActivationFunctionType.NONE, schema.ActivationFunctionType.RELU)

Channels = NDArray[np.int64]


def equalized(content: bytes, inputs: Iterable[Floats]) -> bytes:
    """The same float network with other units for its channels, chosen on `inputs`, each as the network takes it."""
    model = load(content)
    graph = model.subgraphs[0]
    channels = _numbered(graph)
    tied = _tied(model, channels)
    factors = np.exp2(_exponents(model, channels, tied, _widths(content, inputs)))
    for operator in _all_of(model, _CONVOLUTIONS):
        before, after = (factors[tied[channels[int(t)]]] for t in (operator.inputs[0], operator.outputs[0]))
        weights, bias = (int(index) for index in operator.inputs[1:3])
        depthwise = operator_name(model, operator) == "DEPTHWISE_CONV_2D"
        change = after / before if depthwise else after[:, np.newaxis, np.newaxis, np.newaxis] / before
        set_constant(model, weights, constant(model, weights) * change)
        set_constant(model, bias, constant(model, bias) * after)
    return packed(model)


def _all_of(model: Any, names: tuple[str, ...]) -> list[Any]:
    return [operator for operator in model.subgraphs[0].operators if operator_name(model, operator) in names]


def _numbered(graph: Any) -> list[Channels]:
    """A number for every channel of every tensor."""
    counts = [1 if tensor.shape is None or not len(tensor.shape) else int(tensor.shape[-1]) for tensor in graph.tensors]
    ends = np.cumsum(counts)
    return [np.arange(end - count, end) for count, end in zip(counts, ends, strict=True)]


def _tied(model: Any, channels: list[Channels]) -> Channels:
    """For each channel the number of the group that must have one factor."""
    before: list[Channels] = []
    after: list[Channels] = []
    for operator in _all_of(model, _TYING):
        name = operator_name(model, operator)
        for source in operator.inputs[: 2 if name == "ADD" else 1]:
            first = int(constant(model, int(operator.inputs[1]), np.int32)[-1, 0]) if name == "PAD" else 0
            read = channels[int(source)]
            before.append(read)
            after.append(channels[int(operator.outputs[0])][first : first + len(read)])
    total = int(channels[-1][-1]) + 1
    ends = (np.concatenate([*before, []]).astype(int), np.concatenate([*after, []]).astype(int))
    groups: Channels = connected_components(coo_array((np.ones(len(ends[0])), ends), (total, total)), directed=False)[1]
    return groups


def _exponents(model: Any, channels: list[Channels], tied: Channels, widths: dict[int, Floats]) -> Floats:
    """Power of two for each group: the mean of what the convolutions that read its channels would like."""
    wishes, readers = np.zeros(tied.max() + 1), np.zeros(tied.max() + 1)
    for operator in _all_of(model, _CONVOLUTIONS):
        source = int(operator.inputs[0])
        if source not in widths:
            continue
        wish: Floats = -_octaves(widths[source])
        if operator_name(model, operator) == "CONV_2D":
            # All weights of one output share a range too, and what widens a channel narrows the weights that read it.
            weights = np.abs(constant(model, int(operator.inputs[1]))).max(axis=(0, 1, 2))
            wish = (wish + _octaves(weights)) * np.float32(0.5)
        group = tied[channels[source]]
        np.add.at(wishes, group, wish)
        np.add.at(readers, group, 1)
    exponents: Floats = np.clip(np.rint(wishes / np.maximum(readers, 1)), -_BOUND, _BOUND).astype(np.float32)
    exponents[tied[_fixed(model, channels)]] = 0
    return exponents


def _octaves(sizes: Floats) -> Floats:
    """Logarithm to base two of each size over the greatest."""
    octaves: Floats = np.log2(np.maximum(sizes / sizes.max(), np.float32(_FAINT)))
    return octaves


def _fixed(model: Any, channels: list[Channels]) -> Channels:
    """Channels that keep their unit: inputs, outputs, and all around an operator that minds or is not known here."""
    graph = model.subgraphs[0]
    kept = [*graph.inputs, *graph.outputs]
    for operator in graph.operators:
        if operator_name(model, operator) not in _TYING + _CONVOLUTIONS:
            kept += [*operator.inputs, *operator.outputs]
        elif getattr(operator.builtinOptions, "fusedActivationFunction", _LINEAR[0]) not in _LINEAR:
            kept += [*operator.outputs]
    return np.concatenate([channels[int(tensor)] for tensor in kept if tensor >= 0])


def _widths(content: bytes, inputs: Iterable[Floats]) -> dict[int, Floats]:
    """By computed tensor, each channel's greatest size in a picture, averaged over pictures."""
    made = [int(tensor) for operator in load(content).subgraphs[0].operators for tensor in operator.outputs]
    greatest: dict[int, list[Floats]] = {index: [] for index in made}
    for read in activations(content, inputs):
        for index, sizes in greatest.items():
            values = read(index)
            sizes.append(np.abs(values).reshape(-1, values.shape[-1]).max(axis=0))
    return {index: np.mean(sizes, axis=0) for index, sizes in greatest.items()}
