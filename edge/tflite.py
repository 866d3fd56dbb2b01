"""The only way to run a .tflite file: ai-edge-litert, else tflite_runtime."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import AslEdgeError, InputError
from edge.types import Image

try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:
    try:
        from tflite_runtime.interpreter import Interpreter
    except ImportError as error:  # pragma: no cover - needs an install without either
        raise AslEdgeError(
            "no TFLite interpreter found: pip install ai-edge-litert (or tflite_runtime on CPython 3.11 and older)"
        ) from error


class Network:
    """A loaded .tflite file with views into the interpreter's own buffers.

    One thread an interpreter by default: a second one costs 15 to 60 % more CPU on busy cores, and separate
    interpreters already run in parallel (invoking releases the GIL).
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._path = path
        try:
            with _without_greeting():
                self._interpreter = Interpreter(model_path=str(path), num_threads=threads)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError, OSError) as error:
            raise InputError(
                f"{path}: not a usable .tflite file ({_first_line(error)}); install the bundle again"
            ) from error
        self._input = self._interpreter.get_input_details()[0]
        self._outputs = self._interpreter.get_output_details()
        self._input_view = self._interpreter.tensor(self._input["index"])
        self._output_views = [self._interpreter.tensor(output["index"]) for output in self._outputs]
        self.seconds = 0.0
        """Time spent in the interpreter so far; whoever reports it resets it."""

    @property
    def input_shape(self) -> tuple[int, ...]:
        return tuple(int(n) for n in self._input["shape"])

    @property
    def output_shapes(self) -> list[tuple[int, ...]]:
        return [tuple(int(n) for n in output["shape"]) for output in self._outputs]

    def run(self, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Real-valued input of `input_shape` to real-valued outputs, (de)quantized as the file requires."""
        view = self._input_view()
        if self._input["dtype"] == np.int8:
            view[...] = _quantize(values, *self._input["quantization"])
        else:
            view[...] = values
        del view
        self._invoke()
        return [self.output(index) for index in range(len(self._outputs))]

    def run_pixels(self, pixels: Image, low: float = 0.0, high: float = 1.0) -> None:
        """Run on a picture of the input's size, whose 0 and 255 mean `low` and `high`; read results with `output`.

        Int8 files are quantized so that pixel p is the number p - 128: one XOR into the interpreter's own buffer.
        """
        view = self._input_view()[0]
        if self._input["dtype"] == np.int8:
            self._check_pixel_scale((high - low) / 255)
            np.bitwise_xor(pixels, np.uint8(0x80), out=view.view(np.uint8))
        else:
            np.multiply(pixels, np.float32((high - low) / 255), out=view)
            if low:
                view += np.float32(low)
        del view
        self._invoke()

    def output(self, index: int) -> NDArray[np.float32]:
        """A float copy of one output of the last run."""
        raw = self._output_views[index]()
        if raw.dtype != np.int8:
            return np.array(raw, dtype=np.float32)
        scale, zero = self._outputs[index]["quantization"]
        values: NDArray[np.float32] = (raw.astype(np.float32) - np.float32(zero)) * np.float32(scale)
        return values

    def _invoke(self) -> None:
        started = time.perf_counter()
        self._interpreter.invoke()
        self.seconds += time.perf_counter() - started

    def _check_pixel_scale(self, wanted: float) -> None:
        scale, _ = self._input["quantization"]
        if abs(scale - wanted) > 0.01 * wanted:
            raise InputError(
                f"{self._path}: one step of its input is {scale:.5f}, a pixel's {wanted:.5f}; quantize the bundle again"
            )


@contextmanager
def _without_greeting() -> Iterator[None]:
    """Keep XNNPACK's INFO line off standard error, as no variable does. Everything else is passed on."""
    sys.stderr.flush()
    kept = os.dup(2)
    with os.fdopen(os.memfd_create("stderr"), "w+b") as caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            caught.seek(0)
            for line in caught:
                if not line.startswith(b"INFO: Created TensorFlow Lite"):
                    os.write(2, line)


def _quantize(values: NDArray[np.float32], scale: float, zero: int) -> NDArray[Any]:
    """Round to nearest, like the reference kernels: truncation costs half a step on every value."""
    steps: NDArray[Any] = np.clip(np.rint(values / np.float32(scale)) + zero, -128, 127)
    return steps.astype(np.int8)


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
