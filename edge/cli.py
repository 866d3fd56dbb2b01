"""The command line. Every error is one line; only --debug shows a traceback."""

import argparse
import importlib
import logging
import sys
from collections.abc import Callable, Sequence

from edge import __version__
from edge.argument_parser import ArgumentParser
from edge.errors import AslEdgeError, one_line
from edge.memory import tune_malloc
from edge.standard_streams import UnstalledHandler, close_output, open_standard_streams

# Imported only when used: `asl-edge models list` needs neither OpenCV nor the broker.
_COMMANDS = {
    "run": ("edge.daemon", "read the camera, publish and speak, until stopped"),
    "replay": ("edge.replay", "run the same pipeline over files as fast as it goes and print the events"),
    "check": ("edge.check", "say which piece is missing and how to mend it"),
    "models": ("edge.models", "list, verify, install and roll back the model bundles, teach and forget signs"),
    "bench": ("edge.benchmark", "measure latency and CPU time on clips"),
    "install-service": ("edge.service", "install the systemd service"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (0 done, 1 failed, 2 bad usage or input)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    return exit_code_of(
        "asl-edge", lambda: _run(_parser(arguments).parse_args(arguments)), debug="--debug" in arguments
    )


def _run(args: argparse.Namespace) -> int:
    handlers = [UnstalledHandler(sys.stderr)]
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING, handlers=handlers)
    tune_malloc()
    return int(args.run(args))


def exit_code_of(program: str, run: Callable[[], int], *, interrupted: str = "", debug: bool = False) -> int:
    """Call `run`, turning any error into one line and an exit code.

    `interrupted` is printed at Ctrl-C, which then counts as a failure; without it, Ctrl-C ends the program silently.
    """
    open_standard_streams()
    try:
        try:
            return run()
        finally:
            sys.stdout.flush()  # here, where an error becomes one line
    except AslEdgeError as error:
        if debug:
            raise
        print(f"{program}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        if not interrupted:
            return 130
        print(f"{program}: {interrupted}", file=sys.stderr)
        return AslEdgeError.exit_code
    except BrokenPipeError:  # `asl-edge replay ... | head` closed our standard output
        close_output()
        return 0
    except Exception as error:
        if debug:
            raise
        if isinstance(error, OSError):  # it may be our standard output, to which Python would try to write again
            close_output()
        print(f"{program}: {one_line(error)}", file=sys.stderr)
        return AslEdgeError.exit_code


def _parser(arguments: list[str]) -> argparse.ArgumentParser:
    parser = ArgumentParser(prog="asl-edge", description="Reads American Sign Language from a camera.")
    parser.add_argument("--version", action="version", version=f"asl-edge {__version__}")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, summary) in _COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        command.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show tracebacks")
        if name in arguments:
            commands_module = importlib.import_module(module)
            commands_module.add_arguments(command)
            command.set_defaults(run=commands_module.run)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
