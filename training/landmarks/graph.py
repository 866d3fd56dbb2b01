"""Surgery on a finished .tflite file: what a quantizer needs and what the device does not."""

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from edge.types import Floats

SIGNATURE = "serving_default"
INPUT = "pixels"

_OPERATORS = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}


def prepare(content: bytes, outputs: list[int]) -> bytes:
    """Float32 weights, the named outputs only, BGR pixels in place of RGB, and a signature."""
    model = load(content)
    _unpack_weights(model, content)
    _take_bgr(model)
    _keep_outputs(model, outputs)
    sign(model)
    return packed(model)


def operator_name(model: Any, operator: Any) -> str:
    code = model.operatorCodes[operator.opcodeIndex]
    name: str = _OPERATORS[max(code.builtinCode, code.deprecatedBuiltinCode)]
    return name


def load(content: bytes) -> Any:
    return schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))


def packed(model: Any) -> bytes:
    """A changed model as a file, without metadata or the buffers that no tensor uses any more."""
    tensors = model.subgraphs[0].tensors
    used = [0, *sorted({tensor.buffer for tensor in tensors} - {0})]
    moved = {old: new for new, old in enumerate(used)}
    model.buffers = [model.buffers[index] for index in used]
    for tensor in tensors:
        tensor.buffer = moved[tensor.buffer]
    model.metadata = model.metadataBuffer = None
    builder = flatbuffers.Builder(1 << 24)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def constant(model: Any, index: int, dtype: type[np.generic] = np.float32) -> Any:
    """Values of a constant tensor, or None where it is computed (or absent, index -1)."""
    if index < 0:
        return None
    tensor = model.subgraphs[0].tensors[index]
    data = model.buffers[tensor.buffer].data
    if data is None or not len(data):
        return None
    return np.frombuffer(bytes(data), dtype).reshape(tensor.shape)


def set_constant(model: Any, index: int, values: Any) -> None:
    """Give a tensor float32 values of its own."""
    tensor = model.subgraphs[0].tensors[index]
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(np.ascontiguousarray(values, np.float32).tobytes(), np.uint8)
    model.buffers.append(buffer)
    tensor.buffer = len(model.buffers) - 1
    tensor.type = schema.TensorType.FLOAT32
    tensor.sparsity = None


def resized(content: bytes, side: int) -> bytes:
    """The same network for pictures of another size: convolutions do not mind, and means cover all of it."""
    model = load(content)
    graph = model.subgraphs[0]
    before = int(graph.tensors[int(graph.inputs[0])].shape[1])
    for operator in graph.operators:
        if operator_name(model, operator) == "RESIZE_BILINEAR":
            target = int(operator.inputs[1])
            _set_integers(model, target, constant(model, target, np.int32) * side // before)
    interpreter = Interpreter(
        model_content=packed(model),
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.resize_tensor_input(int(graph.inputs[0]), [1, side, side, 3])
    interpreter.allocate_tensors()
    for detail in interpreter.get_tensor_details()[: len(graph.tensors)]:
        graph.tensors[detail["index"]].shape = detail["shape"]
    return packed(model)


def with_pad_before_prelu(content: bytes) -> bytes:
    """The same network with an empty padding between each sum and its PReLU.

    Up to version 2.2 of the interpreter, XNNPACK runs both in place and frees memory too late there: in float the palm
    network took 30 MB more than in int8; with this it takes 7 more.
    """
    model = load(content)
    graph = model.subgraphs[0]
    sums = {int(one.outputs[0]) for one in graph.operators if operator_name(model, one) == "ADD"}
    operators = []
    for operator in graph.operators:
        source = int(operator.inputs[0])
        if operator_name(model, operator) == "PRELU" and source in sums:
            operators.append(_padding_by_nothing(model, source))
            operator.inputs = [*operators[-1].outputs, *operator.inputs[1:]]
        operators.append(operator)
    graph.operators = operators
    return packed(model)


def _padding_by_nothing(model: Any, source: int) -> Any:
    tensors = model.subgraphs[0].tensors
    padded, amounts = copy.copy(tensors[source]), schema.TensorT()
    padded.name += b"/padded"
    amounts.name, amounts.shape, amounts.type = padded.name + b"/by", [4, 2], schema.TensorType.INT32
    tensors += [padded, amounts]
    _set_integers(model, len(tensors) - 1, np.zeros((4, 2)))
    operator = schema.OperatorT()
    operator.opcodeIndex = _opcode(model, schema.BuiltinOperator.PAD)
    operator.inputs, operator.outputs = [source, len(tensors) - 1], [len(tensors) - 2]
    operator.builtinOptionsType, operator.builtinOptions = schema.BuiltinOptions.PadOptions, schema.PadOptionsT()
    return operator


def _opcode(model: Any, builtin: int) -> int:
    for index, code in enumerate(model.operatorCodes):
        if code.builtinCode == builtin:
            return index
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = builtin
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


def scaled(content: bytes, output: int, factor: float) -> bytes:
    """The same network with one output, made by an operator with weights, multiplied by `factor`."""
    model = load(content)
    graph = model.subgraphs[0]
    head = next(one for one in graph.operators if int(one.outputs[0]) == int(graph.outputs[output]))
    for index in list(head.inputs)[1:3]:
        set_constant(model, int(index), constant(model, int(index)) * np.float32(factor))
    return packed(model)


def _set_integers(model: Any, index: int, values: Any) -> None:
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(np.ascontiguousarray(values, np.int32).tobytes(), np.uint8)
    model.buffers.append(buffer)
    model.subgraphs[0].tensors[index].buffer = len(model.buffers) - 1


def activations(content: bytes, inputs: Iterable[Floats]) -> Iterator[Callable[[int], Floats]]:
    """Run the float network on each input; yields a function that reads any tensor of that run by index."""
    interpreter = Interpreter(
        model_content=content,
        num_threads=1,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN,
    )
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]["index"]
    for values in inputs:
        interpreter.set_tensor(source, values)
        interpreter.invoke()
        yield interpreter.get_tensor


def operator_outputs(content: bytes) -> list[str]:
    """Name of each operator's first output tensor, in running order."""
    graph = load(content).subgraphs[0]
    return [graph.tensors[int(operator.outputs[0])].name.decode() for operator in graph.operators]


def head_names(content: bytes, through: tuple[str, ...]) -> list[str]:
    """Names of the tensors made by the last operators before each output.

    Operators named in `through` (reshapes and the like) are passed over; the first other one on each path is a head.
    """
    model = load(content)
    graph = model.subgraphs[0]
    maker = {int(tensor): operator for operator in graph.operators for tensor in operator.outputs}
    names: list[str] = []
    waiting = [int(tensor) for tensor in graph.outputs]
    while waiting:
        operator = maker.get(waiting.pop())
        if operator is None:
            continue
        names.append(graph.tensors[int(operator.outputs[0])].name.decode())
        if operator_name(model, operator) in through:
            waiting += [int(tensor) for tensor in operator.inputs]
    return names


def _unpack_weights(model: Any, content: bytes) -> None:
    """Replace float16 and sparse constants by plain float32 ones, computed by the interpreter itself."""
    interpreter = Interpreter(
        model_content=content,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        experimental_preserve_all_tensors=True,
    )
    interpreter.allocate_tensors()
    interpreter.invoke()
    graph = model.subgraphs[0]
    folded: set[int] = set()
    kept = []
    for operator in graph.operators:
        if operator_name(model, operator) in ("DEQUANTIZE", "DENSIFY") and _is_constant(model, operator, folded):
            index = int(operator.outputs[0])
            set_constant(model, index, interpreter.get_tensor(index))
            folded.add(index)
        else:
            kept.append(operator)
    graph.operators = kept


def _is_constant(model: Any, operator: Any, folded: set[int]) -> bool:
    index = int(operator.inputs[0])
    data = model.buffers[model.subgraphs[0].tensors[index].buffer].data
    return index in folded or (data is not None and len(data) > 0)


def _keep_outputs(model: Any, outputs: list[int]) -> None:
    """Drop the other outputs and everything that only they needed."""
    graph = model.subgraphs[0]
    graph.outputs = [graph.outputs[index] for index in outputs]
    needed = {int(tensor) for tensor in graph.outputs}
    kept = []
    for operator in reversed(graph.operators):
        if any(int(tensor) in needed for tensor in operator.outputs):
            kept.append(operator)
            needed |= {int(tensor) for tensor in operator.inputs if tensor >= 0}
    graph.operators = kept[::-1]
    _renumber_tensors(graph, sorted(needed | {int(tensor) for tensor in graph.inputs}))


def _renumber_tensors(graph: Any, kept: list[int]) -> None:
    moved = {old: new for new, old in enumerate(kept)} | {-1: -1}
    graph.tensors = [graph.tensors[index] for index in kept]
    for holder in (graph, *graph.operators):
        holder.inputs = [moved[int(tensor)] for tensor in holder.inputs]
        holder.outputs = [moved[int(tensor)] for tensor in holder.outputs]


def _take_bgr(model: Any) -> None:
    """Reverse the first convolution's input channels, so that OpenCV's pixels need no conversion."""
    graph = model.subgraphs[0]
    first = next(operator for operator in graph.operators if operator_name(model, operator) == "CONV_2D")
    weights = int(first.inputs[1])
    set_constant(model, weights, constant(model, weights)[..., ::-1])


def sign(model: Any) -> None:
    """Name input and outputs, as the quantizer requires."""
    graph = model.subgraphs[0]
    signature = schema.SignatureDefT()
    signature.signatureKey = SIGNATURE
    signature.subgraphIndex = 0
    signature.inputs = [_named(INPUT, graph.inputs[0])]
    signature.outputs = [_named(f"output_{index}", tensor) for index, tensor in enumerate(graph.outputs)]
    model.signatureDefs = [signature]


def _named(name: str, tensor: int) -> Any:
    entry = schema.TensorMapT()
    entry.name = name
    entry.tensorIndex = int(tensor)
    return entry
