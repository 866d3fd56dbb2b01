"""Writing a landmark store; `edge.landmark_store` reads it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from edge.landmark_store import UNKNOWN_FPS, Clip, read_store
from training.caching import content_hash
from training.extraction.labels import named
from training.whole_file import whole

__all__ = [
    "KINDS",
    "SCHEMA",
    "UNKNOWN_FPS",
    "Clip",
    "read_as",
    "read_named",
    "read_store",
    "store_hashes",
    "write_store",
]

KINDS = ("letter", "word", "idle")

SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("clip", "label", "kind", "signer", "source", "licence")]
    + [("fps", pa.float32()), ("width", pa.int32()), ("height", pa.int32()), ("frames", pa.int32())]
    + [("hands", pa.list_(pa.float32())), ("pose", pa.list_(pa.float32()))]
)


def store_hashes(stores: Sequence[Path]) -> list[str]:
    """Hashes of the stores' content: extraction writes a store anew even where nothing has changed."""
    return [content_hash(store) for store in stores]


def read_named(path: Path) -> Iterator[Clip]:
    """As `read_store`, but with extraction's spelling: HELLO or `thank_you` in somebody's store is a word."""
    for clip in read_store(path):
        yield replace(clip, label=named(clip.label, clip.kind)[0])


def read_as(path: Path, labels: Sequence[str]) -> Iterator[Clip]:
    """As `read_named`, but with the bundle's own spelling of its labels, such as HELLO."""
    own = {(kind, named(label, kind)[0]): label for kind in ("letter", "word") for label in labels}
    for clip in read_named(path):
        yield replace(clip, label=own.get((clip.kind, clip.label), clip.label))


def write_store(path: Path, clips: Sequence[Clip]) -> None:
    """Write clips as a store; AslEdgeError as `whole`."""
    columns = {
        name: [getattr(clip, name) for clip in clips]
        for name in SCHEMA.names
        if name not in {"frames", "hands", "pose"}
    }
    columns["frames"] = [len(clip.hands) for clip in clips]
    columns["hands"] = [clip.hands.ravel() for clip in clips]
    columns["pose"] = [clip.pose.ravel() for clip in clips]
    with whole(path) as partial:
        pq.write_table(pa.table(columns, schema=SCHEMA), partial, compression="zstd")
