"""How the landmark networks are made: surgery that changes nothing, a wheel that must be the right one."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("flatbuffers")
pytest.importorskip("ai_edge_quantizer")
from ai_edge_litert import schema_py_generated as schema

from edge.errors import InputError
from edge.tflite import Network
from training.landmarks import wheel
from training.landmarks.graph import (
    head_names,
    load,
    operator_name,
    operator_outputs,
    packed,
    prepare,
    sign,
    with_pad_before_prelu,
)
from training.landmarks.int8 import Recipe, quantize
from training.landmarks.shrink import shrink

RELU6 = 3


class Builder:
    """The least of a .tflite: a graph of convolutions over a 16 x 16 picture."""

    def __init__(self) -> None:
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.buffers = [schema.BufferT()]
        self.model.operatorCodes = []
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.model.subgraphs = [self.graph]

    def tensor(self, name: str, shape: list[int], values: Any = None, dtype: Any = np.float32) -> int:
        tensor = schema.TensorT()
        tensor.name, tensor.shape = name, shape
        tensor.type = schema.TensorType.FLOAT32 if dtype == np.float32 else schema.TensorType.INT32
        tensor.buffer = 0
        if values is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(values, dtype).tobytes(), np.uint8)
            self.model.buffers.append(buffer)
            tensor.buffer = len(self.model.buffers) - 1
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def operator(self, name: str, kind: str, inputs: list[int], channels: int, options: Any = None) -> int:
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, kind)
        code.version = 1
        self.model.operatorCodes.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex = len(self.model.operatorCodes) - 1
        if options is not None:
            kind_of_options = type(options).__name__.removesuffix("T")
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, kind_of_options)
            operator.builtinOptions = options
        operator.inputs, operator.outputs = inputs, [self.tensor(name, [1, 16, 16, channels])]
        self.graph.operators.append(operator)
        return int(operator.outputs[0])

    def convolution(self, name: str, source: int, weights: Any, bias: Any, *, depthwise: bool, activation: int) -> int:
        options = schema.DepthwiseConv2DOptionsT() if depthwise else schema.Conv2DOptionsT()
        options.strideW = options.strideH = options.dilationWFactor = options.dilationHFactor = 1
        options.padding, options.fusedActivationFunction = schema.Padding.SAME, activation
        if depthwise:
            options.depthMultiplier = 1
        channels = weights.shape[-1] if depthwise else weights.shape[0]
        constants = [
            self.tensor(f"{name}/weights", list(weights.shape), weights),
            self.tensor(f"{name}/bias", [channels], bias),
        ]
        kind = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
        return self.operator(name, kind, [source, *constants], channels, options)


def bottleneck(dead: int) -> bytes:
    """Picture -> 8 channels -> 32, of which `dead` say nothing -> depthwise -> two outputs of 4 channels."""
    rng = np.random.default_rng(0)
    build = Builder()
    picture = build.tensor("picture", [1, 16, 16, 3])
    first = build.convolution(
        "first", picture, rng.normal(size=(8, 3, 3, 3)), rng.normal(size=8), depthwise=False, activation=0
    )
    wide = build.convolution(
        "wide", first, rng.normal(size=(32, 1, 1, 8)), rng.normal(size=32), depthwise=False, activation=RELU6
    )
    weights = rng.normal(size=(1, 3, 3, 32))
    weights[..., rng.permutation(32)[:dead]] = 0
    deep = build.convolution("deep", wide, weights, rng.normal(size=32), depthwise=True, activation=RELU6)
    narrow = build.convolution(
        "narrow", deep, rng.normal(size=(4, 1, 1, 32)), rng.normal(size=4), depthwise=False, activation=0
    )
    unused = build.convolution(
        "unused", first, rng.normal(size=(4, 1, 1, 8)), rng.normal(size=4), depthwise=False, activation=0
    )
    build.graph.inputs, build.graph.outputs = [picture], [unused, narrow]
    return packed(build.model)


def residual() -> bytes:
    """Picture -> 8 channels of very different widths -> a block, twice the channels, a block -> 4 outputs."""
    rng = np.random.default_rng(0)
    build = Builder()

    def convolution(name: str, source: int, *shape: int, spread: float = 0) -> int:
        weights = rng.normal(size=shape) / np.sqrt(np.prod(shape[1:]))
        wide = 2.0 ** (spread * rng.normal(size=shape[0]))
        weights = weights * wide[:, None, None, None]
        return build.convolution(
            name, source, weights, 0.1 * rng.normal(size=shape[0]) * wide, depthwise=False, activation=0
        )

    def prelu(name: str, source: int, channels: int) -> int:
        slopes = build.tensor(f"{name}/slopes", [1, 1, channels], rng.random(channels))
        return build.operator(name, "PRELU", [source, slopes], channels)

    def block(name: str, source: int, before: int, after: int) -> int:
        deep = build.convolution(
            f"{name}/deep",
            source,
            rng.normal(size=(1, 3, 3, before)) / 3 * 2.0 ** rng.normal(size=before),
            rng.normal(size=before),
            depthwise=True,
            activation=0,
        )
        narrow = convolution(f"{name}/narrow", deep, after, 1, 1, before, spread=1)
        if after > before:
            paddings = build.tensor(f"{name}/paddings", [4, 2], [[0, 0]] * 3 + [[0, after - before]], np.int32)
            source = build.operator(f"{name}/pad", "PAD", [source, paddings], after, schema.PadOptionsT())
        total = build.operator(f"{name}/sum", "ADD", [source, narrow], after, schema.AddOptionsT())
        return prelu(f"{name}/prelu", total, after)

    picture = build.tensor("picture", [1, 16, 16, 3])
    first = prelu("first/prelu", convolution("first", picture, 8, 3, 3, 3, spread=1), 8)
    last = block("second", block("one", first, 8, 16), 16, 16)
    build.graph.inputs, build.graph.outputs = [picture], [convolution("head", last, 4, 1, 1, 16)]
    sign(build.model)
    return packed(build.model)


def run(tmp_path: Path, content: bytes, pixels: Any) -> list[Any]:
    file = tmp_path / "network.tflite"
    file.write_bytes(content)
    return Network(file).run(pixels)


def test_dead_channels_go_and_nothing_changes(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).random((1, 16, 16, 3)).astype(np.float32)
    whole = bottleneck(dead=18)
    smaller = shrink(whole)
    assert len(smaller) < len(whole)
    for before, after in zip(run(tmp_path, whole, pixels), run(tmp_path, smaller, pixels), strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-4, atol=1e-4)


def test_a_network_without_dead_channels_is_left_alone(tmp_path: Path) -> None:
    whole = bottleneck(dead=0)
    assert len(shrink(whole)) == len(whole)


def test_a_prepared_network_takes_bgr_and_keeps_the_outputs_asked_for(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).random((1, 16, 16, 3)).astype(np.float32)
    whole = bottleneck(dead=4)
    prepared = prepare(whole, outputs=[1])
    (after,) = run(tmp_path, prepared, np.ascontiguousarray(pixels[..., ::-1]))
    np.testing.assert_allclose(after, run(tmp_path, whole, pixels)[1], rtol=1e-4, atol=1e-4)
    assert operator_outputs(prepared) == ["first", "wide", "deep", "narrow"], (
        "what only the other output needed is gone"
    )


def test_sums_are_kept_apart_from_what_reads_them_in_place(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).random((1, 16, 16, 3)).astype(np.float32)
    network = residual()
    apart = with_pad_before_prelu(network)
    made = [operator_name(load(apart), operator) for operator in load(apart).subgraphs[0].operators]
    assert [made[index + 1 : index + 3] for index, name in enumerate(made) if name == "ADD"] == [["PAD", "PRELU"]] * 2
    for before, after in zip(run(tmp_path, network, pixels), run(tmp_path, apart, pixels), strict=True):
        np.testing.assert_array_equal(after, before)


def is_int8(content: bytes) -> bool:
    return any(tensor.type == schema.TensorType.INT8 for tensor in load(content).subgraphs[0].tensors)


def test_int8_answers_nearly_as_float_and_better_with_more_in_float(tmp_path: Path) -> None:
    crops = list(np.random.default_rng(1).integers(0, 256, (8, 16, 16, 3), dtype=np.uint8))
    network = residual()
    pixels = crops[0][np.newaxis].astype(np.float32) / 255
    (truth,) = run(tmp_path, network, pixels)

    def error(how: Recipe) -> float:
        content = quantize(network, crops, how)
        assert is_int8(content)
        (got,) = run(tmp_path, content, pixels)
        return float(np.sqrt(np.mean((got - truth) ** 2)) / np.std(truth))

    plain = error(Recipe(float_heads=True))
    assert plain < 0.2
    assert error(Recipe(float_heads=True, float_first=6)) < 0.7 * plain
    assert not is_int8(network)


def test_heads_are_the_last_operators_before_the_outputs() -> None:
    assert sorted(head_names(bottleneck(dead=0), through=("RESHAPE",))) == ["narrow", "unused"]


@pytest.mark.parametrize("content", [b"", b"not a wheel"])
def test_a_broken_wheel_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "mediapipe.whl"
    file.write_bytes(content)
    with pytest.raises(InputError, match="give the mediapipe"):
        wheel.read_network(file, "hand_landmark/hand_landmark_full.tflite")


def test_a_wheel_with_another_network_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mediapipe.whl"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mediapipe/modules/hand_landmark/hand_landmark_full.tflite", bottleneck(0))
    with pytest.raises(InputError, match="another sha256"):
        wheel.read_network(file, "hand_landmark/hand_landmark_full.tflite")
