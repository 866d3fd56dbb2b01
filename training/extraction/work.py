"""Reads recordings in parallel, each worker with its own networks."""

import logging
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import islice

import cv2

from edge.errors import AslEdgeError
from edge.landmarks import Landmarker
from training.extraction.item import Item
from training.extraction.landmark_files import read_arrays, read_gislr
from training.extraction.pictures import open_landmarker, read_picture, read_video
from training.store import Clip

log = logging.getLogger(__name__)

Result = tuple[Item, str, Clip | str]
"""A recording, its key, and its clip or why there is none."""
_AHEAD = 4
"""Recordings each worker gets at once: enough to keep it busy, few to read again when one dies."""


class Reader:
    """Reads one recording after another; the networks are loaded when a picture first needs them."""

    def __init__(self) -> None:
        self._landmarker: Landmarker | None = None

    def read(self, item: Item) -> Clip | str:
        """The clip, or one line saying why there is none.

        Raises:
            InputError: the networks cannot be loaded, which is no recording's fault.
        """
        read = self._reader_of(item)
        try:
            return read(item)
        except AslEdgeError as error:
            return str(error)
        except Exception as error:  # one unforeseen file must not cost the others
            log.debug("%s", item.path, exc_info=True)
            why = " ".join([f"{type(error).__name__}:", *str(error).splitlines()[:1]])
            return f"{item.path}: cannot be read ({why}); leave it out"

    def _reader_of(self, item: Item) -> Callable[[Item], Clip]:
        if item.format == "gislr":
            return read_gislr
        if item.format == "arrays":
            return read_arrays
        self._landmarker = self._landmarker or open_landmarker()
        return partial(read_video if item.format == "video" else read_picture, landmarker=self._landmarker)


def read_all(work: Sequence[tuple[Item, str]], workers: int) -> Iterator[Result]:
    """Read recordings, in this process if `workers` is 1; results come in the order of `work`.

    A recording that kills its worker (a decoder that crashes, too little memory) is bad; the others go on.
    """
    if workers == 1:
        reader = Reader()
        for item, key in work:
            yield item, key, reader.read(item)
        return
    done = 0
    while done < len(work):
        ahead = workers * _AHEAD
        for result in _until_a_death(work[done:], workers, ahead):
            yield result
            done += 1
        for item, key in work[done : done + ahead]:  # one of these killed its worker: each gets its own now
            yield item, key, _alone(item)
            done += 1


def _until_a_death(work: Sequence[tuple[Item, str]], workers: int, ahead: int) -> Iterator[Result]:
    """Results in order until all is read or a worker dies."""
    with _pool(workers) as pool:
        try:
            rest = iter(work)
            running = deque((item, key, pool.submit(_read, item)) for item, key in islice(rest, ahead))
            while running:
                item, key, future = running.popleft()
                yield item, key, future.result()
                running += [(item, key, pool.submit(_read, item)) for item, key in islice(rest, 1)]
        except BrokenProcessPool:
            return
        finally:
            pool.shutdown(cancel_futures=True)


def _alone(item: Item) -> Clip | str:
    with _pool(1) as pool:
        try:
            return pool.submit(_read, item).result()
        except BrokenProcessPool:
            return f"{item.path}: kills the process that reads it (damaged, or too large for the memory); leave it out"


def _pool(workers: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")  # a fork of a process with running interpreters may hang
    return ProcessPoolExecutor(workers, context, _begin)


_reader = Reader()
"""One per worker process."""


def _begin() -> None:
    cv2.setNumThreads(1)


def _read(item: Item) -> Clip | str:
    return _reader.read(item)
