"""Standard input, output and error of this process: closed, stalled, full, or a terminal that disappears."""

import logging
import os
import select
import sys
from typing import TextIO

_STDERR = 2


def is_stalled(stream: TextIO) -> bool:
    """Nobody is reading the other end, so one more line would block."""
    return not select.select([], [stream], [], 0)[1]


class UnstalledHandler(logging.StreamHandler[TextIO]):
    """Drops what nobody reads: a log line must not block whoever logs."""

    def emit(self, record: logging.LogRecord) -> None:
        if not is_stalled(self.stream):
            super().emit(record)


def has_terminal() -> bool:
    """Whether a terminal controls this process, and ends it with a hang-up when closed."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


def open_standard_streams() -> None:
    """Open the null device for those that were closed when we were started: files would take their numbers."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            os.dup2(os.open(os.devnull, os.O_RDWR), number)  # the lowest free number, so mostly this one
            setattr(sys, name, os.fdopen(number, mode, closefd=False))


def silence_libraries() -> None:
    """Discard what native libraries write to descriptor 2; our log and tracebacks still go where it led.

    libjpeg writes a line for every picture of many a webcam, 185,000 a day in the journal, and OpenCV lets nobody tell
    it not to. Does nothing where Python's standard error is not that descriptor.
    """
    ours = sys.stderr
    try:
        if ours.fileno() != _STDERR:
            return
    except OSError:  # a stand-in that is not a file
        return
    ours.flush()
    sys.stderr = os.fdopen(os.dup(_STDERR), "w", buffering=1, encoding=ours.encoding, errors=ours.errors)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream is ours:
            handler.setStream(sys.stderr)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STDERR)
    os.close(nowhere)


def close_output() -> None:
    """Discard what is still written to standard output: nobody reads it, or its disk is full."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
