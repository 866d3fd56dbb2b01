"""Static int8 for a finished float network: ranges from real crops, heads left in float."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from ai_edge_quantizer import quantizer, recipe
from ai_edge_quantizer.algorithm_manager import AlgorithmName
from ai_edge_quantizer.qtyping import TFLOperationName as Operation

from edge.types import Floats, Image
from training.landmarks.graph import INPUT, SIGNATURE, activations, head_names, load, operator_outputs

Ranges = dict[str, tuple[float, float]]
"""Least and greatest value of each activation, by tensor name."""

_BODY = (Operation.PAD, Operation.CONV_2D, Operation.DEPTHWISE_CONV_2D, Operation.ADD, Operation.MAX_POOL_2D)
_SAMPLES = 3000
"""Values drawn from each activation and crop."""
_TAIL = 5e-5
"""Share of an activation's values cut off at either end of its range."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one network is quantized."""

    float_heads: bool
    """Keep the convolutions before the outputs in float: an int8 body jitters."""
    pixel_range: tuple[float, float] = (0.0, 1.0)
    """The network's values for pixels 0 and 255."""
    float_first: int = 0
    """How many of the first operators stay in float."""
    float_from: int | None = None
    """All operators from this one on stay in float."""


def quantize(content: bytes, crops: Sequence[Image], how: Recipe) -> bytes:
    """The int8 network; `crops` set the ranges, so they should vary in light, skin and side."""
    low, high = how.pixel_range
    step = np.float32((high - low) / 255)
    inputs = [(crop.astype(np.float32) * step + np.float32(low))[np.newaxis] for crop in crops]
    inputs[0][0, 0, 0], inputs[0][0, 0, 1] = low, high  # so that one input step is one pixel step
    tool = quantizer.Quantizer(content, recipe.static_wi8_ai8())
    for pattern, operation in _left_in_float(content, how):
        tool.update_quantization_recipe(pattern, operation, algorithm_key=AlgorithmName.NO_QUANTIZE)
    calibration = tool.calibrate({SIGNATURE: [{INPUT: inputs[0]}]}, num_threads=1)
    # The tool's own calibration averages extremes over the pictures, depending on order; here all count alike.
    for name, (least, greatest) in _ranges(content, inputs).items():
        if name in calibration:
            calibration[name]["min"] = np.full_like(calibration[name]["min"], min(least, 0.0))
            calibration[name]["max"] = np.full_like(calibration[name]["max"], max(greatest, 0.0))
    return bytes(tool.quantize(calibration).quantized_model or b"")


def _left_in_float(content: bytes, how: Recipe) -> list[tuple[str, Operation]]:
    everywhere = [Operation.FULLY_CONNECTED, Operation.LOGISTIC, Operation.OUTPUT]
    rules = [(".*", operation) for operation in everywhere]
    if how.float_heads:
        names = head_names(content, through=("RESHAPE", "CONCATENATION", "LOGISTIC"))
        rules += [
            (_any_of(names), operation) for operation in (Operation.CONV_2D, Operation.RESHAPE, Operation.CONCATENATION)
        ]
    if how.float_first or how.float_from is not None:
        made = operator_outputs(content)
        names = made[: how.float_first] + (made[how.float_from :] if how.float_from is not None else [])
        rules += [(_any_of(names), operation) for operation in _BODY]
    return rules


def _any_of(names: list[str]) -> str:
    """Pattern for the tool's layer names: an operator's output names, joined and ended by semicolons."""
    return "|".join(f"^{re.escape(name)}(;|$)" for name in names)


def _ranges(content: bytes, inputs: Iterable[Floats]) -> Ranges:
    """Each activation's range over all crops, without the outermost values; sampled with a fixed seed."""
    graph = load(content).subgraphs[0]
    samples: dict[int, list[Floats]] = {int(tensor): [] for operator in graph.operators for tensor in operator.outputs}
    rng = np.random.default_rng(0)
    for read in activations(content, inputs):
        for index, drawn in samples.items():
            tensor = read(index).ravel()
            drawn.append(tensor[rng.integers(0, tensor.size, min(_SAMPLES, tensor.size))])
    ranges = {}
    for index, drawn in samples.items():
        low, high = np.quantile(np.concatenate(drawn), (_TAIL, 1 - _TAIL))
        ranges[graph.tensors[index].name.decode()] = (float(low), float(high))
    return ranges
