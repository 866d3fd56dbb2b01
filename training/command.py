"""`python -m training.<verb> <what>`: calls the package that does it, and reports errors in one line."""

import argparse
import importlib
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from edge.cli import exit_code_of
from edge.errors import InputError

_DEBUG = "--debug"


def dispatch(verb: str, modules: Mapping[str, str], argv: list[str]) -> int:
    """Run `main(argv)` of the module named by the first argument; returns its exit code.

    Modules are imported only when named: most need TensorFlow, which takes seconds to load.
    """
    debug, argv = _DEBUG in argv, [argument for argument in argv if argument != _DEBUG]
    if not argv or argv[0] not in modules:
        asked = argv[:1] in (["-h"], ["--help"])
        usage = f"usage: python -m training.{verb} {{{','.join(modules)}}} [{_DEBUG}] [options]"
        print(usage, file=sys.stdout if asked else sys.stderr)
        return 0 if asked else InputError.exit_code
    _log_plainly()
    return exit_code_of(f"training.{verb}", lambda: int(_module(modules[argv[0]]).main(argv[1:])), debug=debug)


def run_module(main: Callable[[list[str]], int]) -> NoReturn:
    """Run a command that logs, as the program of `python -m`."""
    _log_plainly()
    raise SystemExit(main(sys.argv[1:]))


def _log_plainly() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)


def run_parsed(
    parser: argparse.ArgumentParser,
    argv: Sequence[str],
    run: Callable[[argparse.Namespace], int],
    *,
    interrupted: str = "",
) -> int:
    """Parse arguments and run a command; returns its exit code. `interrupted` as for `exit_code_of`."""
    parser.add_argument(_DEBUG, action="store_true", help="show tracebacks")
    args = parser.parse_args(argv)
    program = parser.prog.removeprefix("python -m ")
    return exit_code_of(program, lambda: run(args), interrupted=interrupted, debug=args.debug)


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise InputError(f"{error.name} is not installed; pip install '.[training]'") from error


class Listed(argparse.Action):
    """A list option's values replace its default, and repeating it adds more, where argparse keeps only the last."""

    def __call__(
        self, _parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, _option: str | None = None
    ) -> None:
        before = getattr(namespace, self.dest)
        setattr(namespace, self.dest, [*([] if before is self.default else before), *values])


def plain_number(text: str) -> float:
    """An option that is a number."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no number") from None


def count(text: str) -> int:
    """An option that is a count: 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of them; write 1 or more")
    return int(text)
