"""The parser of all command lines: bad usage is one line, like every other error."""

import argparse
from typing import NoReturn

from edge.errors import printable


class ArgumentParser(argparse.ArgumentParser):
    """argparse's, without the usage text before the error."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {printable(message)}; see {self.prog} --help\n")
