"""`python -m training.<verb> <what>`: hands over to the package that does it, and says errors in one line."""

import argparse
import importlib
import logging
import sys
from collections.abc import Mapping
from typing import Any

from edge.cli import exit_code_of
from edge.errors import InputError


def dispatch(verb: str, modules: Mapping[str, str], argv: list[str]) -> int:
    """Run `main(argv)` of the module named by the first argument; its exit code.

    Modules are imported only when named: most need TensorFlow, which takes seconds to load.
    """
    if not argv or argv[0] not in modules:
        print(f"usage: python -m training.{verb} {{{','.join(modules)}}} [options]", file=sys.stderr)
        return 0 if argv[:1] == ["--help"] else 2
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    return exit_code_of(f"training.{verb}", lambda: int(_module(modules[argv[0]]).main(argv[1:])))


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise InputError(f"{error.name} is not installed; pip install '.[training]'") from error


def count(text: str) -> int:
    """An option that says how many: 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of them; write 1 or more")
    return int(text)
