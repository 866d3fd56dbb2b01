"""Removes channels that carry no information.

Half of the channels of the hand network's last layers are constant, whatever the picture: MediaPipe's own pruning left
their weights at zero. A constant that a 1 x 1 convolution reads is part of its bias, so the channel can go, in float
without a trace. That saves a tenth of the network's time and a quarter of its file.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.types import Floats
from training.landmarks.graph import constant, load, operator_name, packed, set_constant

_LANES = 8
"""Channels that kernels process at once: a few dead ones stay to fill the last lot."""
_RELU6 = 3

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Block:
    """Widening convolution -> (padding) -> depthwise convolution -> 1 x 1 convolution."""

    widen: Any
    pad: Any | None
    depthwise: Any
    narrow: Any


def shrink(content: bytes) -> bytes:
    """The same float network without channels whose depthwise weights are all zero."""
    model = load(content)
    for block in _blocks(model):
        dead = _dead(model, block.depthwise)
        # All that such a channel gives is its bias, through the activation (RELU6 everywhere in these networks).
        value = np.clip(constant(model, int(block.depthwise.inputs[2])), 0, 6)
        _remove(model, block, dead, value)
    return packed(model)


def _blocks(model: Any) -> list[_Block]:
    graph = model.subgraphs[0]
    maker = {int(tensor): operator for operator in graph.operators for tensor in operator.outputs}
    readers: dict[int, list[Any]] = {}
    for operator in graph.operators:
        for tensor in operator.inputs:
            readers.setdefault(int(tensor), []).append(operator)
    blocks = []
    for operator in graph.operators:
        if operator_name(model, operator) != "DEPTHWISE_CONV_2D":
            continue
        chain = [maker.get(int(operator.inputs[0]))]
        pad = chain[0] if chain[0] is not None and operator_name(model, chain[0]) == "PAD" else None
        widen = maker.get(int(pad.inputs[0])) if pad is not None else chain[0]
        after = readers.get(int(operator.outputs[0]), [])
        between = [int(operator.inputs[0]), *([int(pad.inputs[0])] if pad is not None else [])]
        alone = all(len(readers[tensor]) == 1 for tensor in between) and len(after) == 1
        if (
            alone
            and widen is not None
            and _is_convolution(model, widen)
            and _is_pointwise(model, after[0])
            and operator.builtinOptions.fusedActivationFunction == _RELU6
        ):
            blocks.append(_Block(widen, pad, operator, after[0]))
    return blocks


def _is_convolution(model: Any, operator: Any) -> bool:
    return operator_name(model, operator) == "CONV_2D"


def _is_pointwise(model: Any, operator: Any) -> bool:
    return _is_convolution(model, operator) and constant(model, int(operator.inputs[1])).shape[1:3] == (1, 1)


def _dead(model: Any, depthwise: Any) -> Mask:
    """Channels with only zero weights, as many as leave a whole number of lots."""
    silent: Mask = ~constant(model, int(depthwise.inputs[1])).any(axis=(0, 1, 2))
    spare = -int((~silent).sum()) % _LANES
    silent[np.flatnonzero(silent)[:spare]] = False
    return silent


def _remove(model: Any, block: _Block, dead: Mask, value: Floats) -> None:
    tensors = model.subgraphs[0].tensors
    live = ~dead
    weights = constant(model, int(block.narrow.inputs[1]))
    bias = constant(model, int(block.narrow.inputs[2]))
    _replace(model, block.narrow.inputs[2], bias + weights[:, 0, 0, dead] @ value[dead])
    _replace(model, block.narrow.inputs[1], weights[..., live])
    _replace(model, block.widen.inputs[1], constant(model, int(block.widen.inputs[1]))[live])
    _replace(model, block.depthwise.inputs[1], constant(model, int(block.depthwise.inputs[1]))[..., live])
    for operator in (block.widen, block.depthwise):
        _replace(model, operator.inputs[2], constant(model, int(operator.inputs[2]))[live])
    for operator in (block.widen, block.pad, block.depthwise):
        if operator is not None:
            tensor = tensors[int(operator.outputs[0])]
            tensor.shape = [*tensor.shape[:-1], int(live.sum())]


def _replace(model: Any, index: int, values: Floats) -> None:
    set_constant(model, int(index), values)
    model.subgraphs[0].tensors[int(index)].shape = list(values.shape)
