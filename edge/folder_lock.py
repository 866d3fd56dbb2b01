"""Locks a folder among all programs that ask for it, so that two runs do not undo each other's work."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.errors import InputError

PATIENCE_SECONDS = 30.0
"""Far longer than installing a bundle or adding a recording takes."""
_TICK_SECONDS = 0.05


@contextmanager
def locked(folder: Path, seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Wait at most `seconds` for the folder; a holder that is killed releases it.

    Raises:
        InputError: another program still holds it.
        OSError: there is no such folder, or it may not be read.
    """
    place = os.open(folder, os.O_RDONLY)
    try:
        deadline = time.monotonic() + seconds
        while not _is_mine(place):
            if time.monotonic() >= deadline:
                raise InputError(f"{folder}: another run works there; wait until it is done, or end it")
            time.sleep(_TICK_SECONDS)
        yield
    finally:
        os.close(place)


def _is_mine(place: int) -> bool:
    try:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # some network file systems cannot lock folders
    return True
