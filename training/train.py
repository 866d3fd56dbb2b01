"""`python -m training.train letters|words|landmarks`: landmark stores or pictures in, a float model out."""

import sys

from training.command import dispatch

COMMANDS = {
    "letters": "training.letters.train",
    "words": "training.words.train",
    "landmarks": "training.landmarks.train",
}


if __name__ == "__main__":
    raise SystemExit(dispatch("train", COMMANDS, sys.argv[1:]))
