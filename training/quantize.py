"""`python -m training.quantize letters|words|landmarks`: float models in, int8 bundles out."""

from __future__ import annotations

import importlib
import sys

from edge.errors import AslEdgeError

_COMMANDS = {
    "letters": "training.letters.quantize",
    "words": "training.words.quantize",
    "landmarks": "training.landmarks.quantize",
}
"""Imported only when named: two need TensorFlow, the last the mediapipe wheel."""


def main(argv: list[str]) -> int:
    if not argv or argv[0] not in _COMMANDS:
        print(f"usage: python -m training.quantize {{{','.join(_COMMANDS)}}} [options]", file=sys.stderr)
        return 2
    try:
        return int(importlib.import_module(_COMMANDS[argv[0]]).main(argv[1:]))
    except AslEdgeError as error:
        print(f"training.quantize: {error}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
