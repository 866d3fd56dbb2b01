"""The command lines' parser: bad usage is one line, as every other error."""

from __future__ import annotations

import argparse
from typing import NoReturn

from edge.errors import printable


class ArgumentParser(argparse.ArgumentParser):
    """argparse's, without the usage before what is wrong."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {printable(message)}; see {self.prog} --help\n")
