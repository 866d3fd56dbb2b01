"""`python -m training.quantize letters|words|landmarks`: float models in, int8 bundles out."""

import sys

from training.command import dispatch

COMMANDS = {
    "letters": "training.letters.quantize",
    "words": "training.words.quantize",
    "landmarks": "training.landmarks.quantize",
}


if __name__ == "__main__":
    raise SystemExit(dispatch("quantize", COMMANDS, sys.argv[1:]))
