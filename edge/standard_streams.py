"""Standard input, output and error of this process: closed, stalled, full, or a terminal that goes away."""

from __future__ import annotations

import logging
import os
import select
import sys
from typing import TextIO


def is_stalled(stream: TextIO) -> bool:
    """Nobody reads it on, and a line more would wait for them."""
    return not select.select([], [stream], [], 0)[1]


class UnstalledHandler(logging.StreamHandler[TextIO]):
    """Leaves out what nobody reads: a log line must not hold up the one who logs."""

    def emit(self, record: logging.LogRecord) -> None:
        if not is_stalled(self.stream):
            super().emit(record)


def has_terminal() -> bool:
    """A terminal controls this process, and ends it with a hang-up when it is closed."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


def open_standard_streams() -> None:
    """Give the null device to those that whoever started us had closed: files would take their numbers."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            os.dup2(os.open(os.devnull, os.O_RDWR), number)  # the lowest free number, so mostly this one
            setattr(sys, name, os.fdopen(number, mode))


def close_output() -> None:
    """Let what is still written to standard output vanish: nobody reads it, or its disk is full."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
