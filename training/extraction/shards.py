"""What was read so far: small stores in a folder beside the one to be made, from which a run resumes."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from edge.errors import InputError
from training.extraction.item import Item
from training.store import SCHEMA, Clip, write_store
from training.whole_file import whole

SHARD_CLIPS = 200
SHARD_SECONDS = 30.0
"""The most that is lost when the run is killed."""
_GROUP_CLIPS = 500
"""In a row group of the store: this many are in memory at a time."""
_OPEN_SHARDS = 5
"""Kept in memory while the store is assembled: neighbours mostly come from one or two."""


def parts_of(store: Path) -> Path:
    """The folder beside a store, made where it is missing.

    Raises:
        InputError: it cannot be made.
    """
    folder = store.with_name(f"{store.name}.parts")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{store}: cannot be written there ({error.strerror}); name another --out") from error
    return folder


@dataclass(slots=True)
class _Shard:
    """Clips and failures waiting to be written."""

    keys: list[str] = field(default_factory=list)
    clips: list[Clip] = field(default_factory=list)
    bad: dict[str, str] = field(default_factory=dict)


class Shards:
    """The folder `STORE.parts`: a Parquet file and a list of keys a shard. A shard without its list does not count."""

    def __init__(self, store: Path, reader: str) -> None:
        """Find what is there; `reader` names what reads pictures now. Nothing else may use the folder meanwhile."""
        self._store, self._reader = store, reader
        self.outdated = 0
        """Recordings in shards of another reader."""
        self.folder = parts_of(store)
        self._rows: dict[str, tuple[Path, int]] = {}
        self.bad: dict[str, str] = {}
        """Key of each recording that cannot be used, and why."""
        self._waiting = _Shard()
        self._flushed_at = time.monotonic()
        self._next = 0
        for listing in sorted(self.folder.glob("*.json")):
            self._take(listing)

    def has(self, key: str) -> bool:
        """Whether the recording was already read, or found to be bad."""
        return key in self._rows or key in self.bad

    def add(self, key: str, clip: Clip | str) -> None:
        """Add a clip, or why there is none."""
        if isinstance(clip, str):
            self._waiting.bad[key] = clip
        else:
            self._waiting.keys.append(key)
            self._waiting.clips.append(clip)
        waiting = len(self._waiting.keys) + len(self._waiting.bad)
        if waiting >= SHARD_CLIPS or time.monotonic() - self._flushed_at > SHARD_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting."""
        self._flushed_at = time.monotonic()
        if not self._waiting.keys and not self._waiting.bad:
            return
        path = self.folder / f"{self._next:06d}.parquet"
        write_store(path, self._waiting.clips)
        listing = path.with_suffix(".json")
        content = {"reader": self._reader, "keys": self._waiting.keys, "bad": self._waiting.bad}
        with whole(listing) as partial:
            partial.write_text(json.dumps(content), "utf-8")
        self._take(listing)
        self._waiting = _Shard()

    def merge(self, items: Iterable[tuple[Item, str]]) -> int:
        """Write the store: the clips of `items` (with their keys) in that order; returns how many.

        With no clip nothing is written. The store appears whole or not at all.
        """
        wanted = [(item, key) for item, key in items if key in self._rows]
        if not wanted:
            return 0
        cache: dict[Path, pa.Table] = {}
        with whole(self._store) as partial, pq.ParquetWriter(partial, SCHEMA, compression="zstd") as writer:
            for start in range(0, len(wanted), _GROUP_CLIPS):
                rows = [self._row(key, cache) for _, key in wanted[start : start + _GROUP_CLIPS]]
                writer.write_table(pa.concat_tables(rows).combine_chunks())
        return len(wanted)

    def _row(self, key: str, cache: dict[Path, pa.Table]) -> pa.Table:
        """One clip, as a table of one row; `cache` holds the shards read last."""
        path, row = self._rows[key]
        if path not in cache:
            if len(cache) >= _OPEN_SHARDS:
                cache.pop(next(iter(cache)))
            cache[path] = pq.read_table(path, schema=SCHEMA)
        return cache[path].slice(row, 1)

    def _take(self, listing: Path) -> None:
        try:
            content: dict[str, Any] = json.loads(listing.read_text("utf-8"))
            keys, bad = list(content["keys"]), dict(content["bad"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{listing}: damaged ({error}); remove the folder and extract again") from error
        if content.get("reader") != self._reader:
            self.outdated += len(keys) + len(bad)
        path = listing.with_suffix(".parquet")
        self._rows |= {key: (path, row) for row, key in enumerate(keys)}
        self.bad |= bad
        self._next = max(self._next, int(listing.stem) + 1)
