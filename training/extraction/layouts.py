"""Which recordings a path holds: folders of videos and pictures, GISLR, WLASL, folders of numpy frames."""

import csv
import json
import logging
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.camera import PICTURE_SUFFIXES
from edge.errors import InputError
from edge.glosses import gloss_of
from training.extraction.item import Format, Item
from training.extraction.labels import named, of_name, signer_of_name

log = logging.getLogger(__name__)

VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".3gp", ".gif"})
GISLR_LICENCE = "CC BY 4.0 (as reported)"
WLASL_LICENCE = "C-UDA"
GISLR_FPS, GISLR_SIZE = 30.0, (360, 480)
"""Neither is in the data: upright phones, at an estimated ratio."""
_GISLR_COLUMNS = ("path", "participant_id", "sequence_id", "sign")
_GISLR_SIGNS = "sign_to_prediction_index_map.json"
_WLASL_VIDEOS = ("videos", "raw_videos")


@dataclass(frozen=True, slots=True)
class Rules:
    """What the command line says about recordings."""

    label_from: str = "folder"
    """`folder` or `name`."""
    kind: str = "auto"
    signer: str | None = None
    """One signer for all; else the folder above the label's, the first of a name's three parts, or one per source."""
    source: str | None = None
    """None: the name of each input."""
    licence: str | None = None
    mirrored: bool = False
    fps: float = 0.0
    size: tuple[int, int] = (640, 480)
    """Of the pictures that `arrays` were made from."""
    videos: Path | None = None
    """Where the videos of a WLASL split lie, if not beside it."""


def find(path: Path, rules: Rules) -> list[Item | str]:
    """Every recording of an input, ordered by name, or a line that says why an entry of the layout is not one.

    Raises:
        InputError: there is no such path, or nothing in it that can be read.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file or folder; name a folder of recordings")
    found = list(_items(path, rules))
    if not found:
        raise InputError(f"{path}: no video, picture or landmark file in it; lay recordings out as LABEL/FILE")
    return found


def _items(path: Path, rules: Rules) -> Iterator[Item | str]:
    if path.is_file() and path.suffix == ".json":
        return _wlasl([path], rules)
    if path.is_file():
        return _recordings(path.parent, [path], rules)
    if (path / "train.csv").is_file():
        return _gislr(path, rules)
    splits = [file for file in sorted(path.glob("*.json")) if file.stem.lower().startswith(("nslt_", "wlasl"))]
    if splits:
        return _wlasl(splits, rules)
    return _folder(path, rules)


def _folder(root: Path, rules: Rules) -> Iterator[Item | str]:
    """A folder of folders, each named for the sign in it."""
    below = sorted(root.rglob("*"))
    yield from _recordings(root, (path for path in below if path.is_file()), rules)
    for path in below:
        if path.is_symlink() and path.is_dir():
            yield f"{path}: a link to a folder, which may lead anywhere; put the folder itself there"


def _recordings(root: Path, files: Iterable[Path], rules: Rules) -> Iterator[Item]:
    """Videos and pictures by their suffix, and folders of numpy frames."""
    folders: set[Path] = set()
    for file in files:
        suffix = file.suffix.lower()
        if suffix == ".npy" and file.parent not in folders:
            folders.add(file.parent)
            yield _item(root, file.parent, rules, "arrays")
        elif suffix in VIDEO_SUFFIXES:
            yield _item(root, file, rules, "video")
        elif suffix in PICTURE_SUFFIXES:
            yield _item(root, file, rules, "picture")


def _item(root: Path, path: Path, rules: Rules, layout: Format) -> Item:
    root, path = root.resolve(), root.resolve() / path.relative_to(root)  # links inside the input keep their names
    by_name = rules.label_from == "name" and layout != "arrays"
    if path.parent == root and not by_name:
        root = root.parent  # the input is one label's folder: the source is the folder of labels
    source = rules.source or root.name
    place = path.relative_to(root)
    label, kind = named(of_name(path) if by_name else path.parent.name, rules.kind)
    above = place.parts[: -1 if by_name else -2]
    who = rules.signer or (signer_of_name(path) if by_name else None) or (above[-1] if above else "s1")
    return Item(
        clip=f"{source}/{place}",
        label=label,
        kind=kind,
        signer=f"{source}:{who}",
        source=source,
        licence=rules.licence or "not stated",
        path=path,
        format=layout,
        mirrored=rules.mirrored,
        fps=rules.fps,
        size=rules.size if layout == "arrays" else (0, 0),
    )


def _gislr(root: Path, rules: Rules) -> Iterator[Item | str]:
    """Kaggle's Isolated Sign Language Recognition: train.csv, a sign map, one Parquet file a sequence."""
    signs = _sign_map(root)
    source = rules.source or "gislr"
    # A damaged character in a row gives a sign that is not in the map.
    with (root / "train.csv").open(encoding="utf-8", errors="replace", newline="") as file:
        rows = csv.DictReader(file)
        if missing := set(_GISLR_COLUMNS) - set(rows.fieldnames or ()):
            raise InputError(f"{file.name}: column '{min(missing)}' is missing; this is not GISLR's table")
        for row in rows:
            if why := _why_unusable(row, signs):
                yield f"{file.name}:{rows.line_num}: {why}, or take the line out"
                continue
            label = gloss_of(row["sign"])
            yield Item(
                clip=f"{source}/{label}/{row['sequence_id']}",
                label=label,
                kind="word",
                signer=f"{source}:{rules.signer or row['participant_id']}",
                source=source,
                licence=rules.licence or GISLR_LICENCE,
                path=root / row["path"],
                format="gislr",
                mirrored=rules.mirrored,
                fps=rules.fps or GISLR_FPS,
                size=GISLR_SIZE,
            )


def _why_unusable(row: dict[str, str], signs: Container[str]) -> str | None:
    """What a row of train.csv lacks, and how to mend it."""
    empty = next((name for name in _GISLR_COLUMNS if not row[name]), None)
    if empty:
        return f"{empty} is missing; add it"
    return None if row["sign"] in signs else f"sign '{row['sign']}' is not in {_GISLR_SIGNS}; add it there"


def _sign_map(root: Path) -> dict[str, int]:
    signs = _json(root / _GISLR_SIGNS)
    if not isinstance(signs, dict):
        raise InputError(f"{root / _GISLR_SIGNS}: no signs with their numbers; copy the data set again")
    return signs


@dataclass(frozen=True, slots=True)
class _Instance:
    """One WLASL video."""

    gloss: str
    signer: str | None
    """None where the split names signers, but not this one: it may be any of the others."""
    first: int
    last: int
    """Frames from 1, as WLASL counts them; -1 is the end."""


def _wlasl(splits: list[Path], rules: Rules) -> Iterator[Item | str]:
    """WLASL: `nslt_N.json` with class list, or `WLASL_v0.3.json`, which also knows the signers; videos beside them."""
    folder = splits[0].parent
    instances: dict[str, _Instance] = {}
    for split in splits:
        content = _json(split)
        try:
            known = dict(_of_glosses(content) if isinstance(content, list) else _of_split(content, folder))
        except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
            raise InputError(f"{split}: neither WLASL_v0.3.json nor an nslt split ({error!r})") from error
        for video, instance in known.items():
            if video not in instances or isinstance(content, list):
                instances[video] = instance
    videos = rules.videos or next((folder / name for name in _WLASL_VIDEOS if (folder / name).is_dir()), None)
    if videos is None or not videos.is_dir():
        raise InputError(f"{videos or folder / _WLASL_VIDEOS[0]}: no such folder; name WLASL's videos with --videos")
    source = rules.source or "wlasl"
    files = {file.stem: file for file in sorted(videos.iterdir()) if file.suffix.lower() in VIDEO_SUFFIXES}
    found = [video for video in instances if video in files]
    log.info("%s: %d of %d videos of the splits are there", videos, len(found), len(instances))
    for video in found:
        instance = instances[video]
        signer = rules.signer or instance.signer
        if signer is None:
            yield f"{files[video]}: its signer_id is missing; add it to the split, or say who signs with --signer"
            continue
        yield Item(
            clip=f"{source}/{instance.gloss}/{video}",
            label=instance.gloss,
            kind="word",
            signer=f"{source}:{signer}",
            source=source,
            licence=rules.licence or WLASL_LICENCE,
            path=files[video],
            format="video",
            mirrored=rules.mirrored,
            fps=rules.fps,
            span=(instance.first - 1, instance.last - 1) if instance.last > 0 else None,
        )


def _of_glosses(content: list[dict[str, Any]]) -> Iterator[tuple[str, _Instance]]:
    for entry in content:
        for one in entry["instances"]:
            signer = None if one.get("signer_id") in (None, "") else str(one["signer_id"])
            frames = int(one["frame_start"]), int(one["frame_end"])
            yield str(one["video_id"]), _Instance(gloss_of(str(entry["gloss"])), signer, *frames)


def _of_split(content: dict[str, dict[str, Any]], folder: Path) -> Iterator[tuple[str, _Instance]]:
    """A split names no signers: its videos count as one signer's, so no split by signer can part them wrongly."""
    path = folder / "wlasl_class_list.txt"
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); an nslt split needs WLASL's class list"
        ) from error
    glosses = dict(line.split("\t", 1) for line in lines if line.strip())
    for video, entry in content.items():
        number, first, last = entry["action"]
        yield video, _Instance(gloss_of(glosses[str(number)]), "unknown", first, last)


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error}); copy the data set again") from error
