"""MediaPipe for comparison, in its own process: the daemon never imports it, and its memory is not counted as ours.

As a program, this file is the child: frames come in on standard input, CPU seconds go out on standard output.
"""

import json
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PEERS = {
    "mediapipe-holistic": ("holistic", "Holistic", {"model_complexity": 1}),
    "mediapipe-hands": ("hands", "Hands", {"model_complexity": 1, "max_num_hands": 2}),
}
"""`mp.solutions` module, class and settings of each peer."""

_HEADER = struct.Struct("<II")


class Peer:
    """A MediaPipe solution in a child process."""

    def __init__(self, name: str, python: str) -> None:
        """Start the child.

        Raises:
            InputError: that interpreter has no usable mediapipe.
        """
        self.name = name
        self._python = python
        try:
            self._child = subprocess.Popen(
                [python, "-P", str(Path(__file__).resolve()), name],  # -P: edge/types.py must not hide the standard one
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            from edge.errors import InputError  # noqa: PLC0415 - the child side runs without the package

            raise InputError(f"--peer-python {python}: {error.strerror}; name an interpreter that has it") from error
        self.version = self._answer().get("version", "")

    def step(self, image: "NDArray[np.uint8]") -> float:
        """CPU seconds the peer spends on one BGR picture."""
        assert self._child.stdin  # noqa: S101 - a pipe was asked for above
        height, width = image.shape[:2]
        self._child.stdin.write(_HEADER.pack(height, width))
        self._child.stdin.write(image.tobytes())
        self._child.stdin.flush()
        return float(self._answer()["cpu_s"])

    def close(self) -> None:
        self._child.kill()
        self._child.wait(timeout=5)

    def _answer(self) -> dict[str, Any]:
        assert self._child.stdout  # noqa: S101 - a pipe was asked for above
        line = self._child.stdout.readline()
        if not line:
            from edge.errors import InputError  # noqa: PLC0415 - the child side runs without the package

            raise InputError(
                f"--peer {self.name}: mediapipe does not run in {self._python}; "
                "pip install 'mediapipe==0.10.18' there, or name another interpreter with --peer-python"
            )
        answer: dict[str, Any] = json.loads(line)
        return answer


def _child(name: str) -> None:
    import cv2  # noqa: PLC0415
    import mediapipe  # noqa: PLC0415
    import numpy  # noqa: ICN001, PLC0415

    module, cls, settings = PEERS[name]
    solution = getattr(getattr(mediapipe.solutions, module), cls)(**settings)
    print(json.dumps({"version": mediapipe.__version__}), flush=True)
    while header := sys.stdin.buffer.read(_HEADER.size):
        height, width = _HEADER.unpack(header)
        image = numpy.frombuffer(sys.stdin.buffer.read(height * width * 3), numpy.uint8).reshape(height, width, 3)
        started = time.process_time()
        solution.process(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
        print(json.dumps({"cpu_s": time.process_time() - started}), flush=True)


if __name__ == "__main__":
    _child(sys.argv[1])
