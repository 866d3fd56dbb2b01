"""Reads recordings side by side, each worker with networks of its own."""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice

import cv2

from edge.errors import AslEdgeError
from edge.landmarks import Landmarker
from training.extraction.item import BadRecordingError, Item
from training.extraction.landmark_files import read_arrays, read_gislr
from training.extraction.pictures import open_landmarker, read_picture, read_video
from training.store import Clip

Result = tuple[Item, str, Clip | str]
"""A recording, its key, and its clip or why there is none."""
_AHEAD = 4
"""Recordings handed out at once to each worker: enough to keep it busy, few to lose when it dies."""


class Reader:
    """Reads one recording after the other; the networks are loaded when a picture first needs them."""

    def __init__(self) -> None:
        self._landmarker: Landmarker | None = None

    def read(self, item: Item) -> Clip | str:
        """The clip, or one line that says why there is none."""
        try:
            if item.format == "gislr":
                return read_gislr(item)
            if item.format == "arrays":
                return read_arrays(item)
            self._landmarker = self._landmarker or open_landmarker()
            return (read_video if item.format == "video" else read_picture)(item, self._landmarker)
        except BadRecordingError as error:
            return str(error)


def read_all(work: Sequence[tuple[Item, str]], workers: int) -> Iterator[Result]:
    """Read recordings, in this process if `workers` is 1; results come in the order of `work`.

    Raises:
        AslEdgeError: a worker died, of memory or in a decoder.
    """
    if workers == 1:
        reader = Reader()
        for item, key in work:
            yield item, key, reader.read(item)
        return
    context = multiprocessing.get_context("spawn")  # a fork of a process with running interpreters may hang
    with ProcessPoolExecutor(workers, context, _begin) as pool:
        try:
            yield from _in_order(pool, work, workers * _AHEAD)
        finally:
            pool.shutdown(cancel_futures=True)


def _in_order(pool: ProcessPoolExecutor, work: Sequence[tuple[Item, str]], ahead: int) -> Iterator[Result]:
    rest = iter(work)
    running = [(item, key, pool.submit(_read, item)) for item, key in islice(rest, ahead)]
    while running:
        item, key, future = running.pop(0)
        try:
            yield item, key, future.result()
        except BrokenProcessPool as error:
            raise AslEdgeError(
                f"a worker died while reading {item.path} or one of the {len(running)} after it; run again to go on, "
                "with --workers 1 to see which"
            ) from error
        running += [(item, key, pool.submit(_read, item)) for item, key in islice(rest, 1)]


_reader = Reader()
"""Of a worker's process."""


def _begin() -> None:
    cv2.setNumThreads(1)


def _read(item: Item) -> Clip | str:
    return _reader.read(item)
