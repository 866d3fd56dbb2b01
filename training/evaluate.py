"""`python -m training.evaluate letters|words`: accuracy on landmark stores, from the int8 bundle."""

import sys

from training.command import dispatch

COMMANDS = {"letters": "training.letters.evaluate", "words": "training.words.evaluate"}


if __name__ == "__main__":
    raise SystemExit(dispatch("evaluate", COMMANDS, sys.argv[1:]))
