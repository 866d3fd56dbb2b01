"""Writes a landmark bundle: networks, manifest, licence note and card."""

import hashlib
import json
from pathlib import Path
from typing import Any

from edge.bundle import MANIFEST
from training.landmarks.agreement import Agreement
from training.landmarks.wheel import LICENCE
from training.landmarks.wheel import VERSION as WHEEL_VERSION

_TRAINED = {
    "hands": "The palm networks are all float, since int8 loses palms, with a padding by nothing between each\n"
    "sum and its PReLU, which spares memory; the near one is the same over 128 x 128 pixels. The hand network\n"
    "takes 192 x 192 pixels instead of 224 x 224 and was trained to answer there as MediaPipe's does on its own crop\n"
    "(`python -m training.train landmarks`; 5,460 batches of 96, seven minutes of an H100), on varied crops of 2,588\n"
    "hands of sources that are not held out below, without labels.",
    "pose": "Nothing was trained.",
}


def write_bundle(
    folder: Path,
    *,
    task: str,
    tag: str,
    version: str,
    files: dict[str, bytes],
    details: dict[str, Any] | None = None,
) -> None:
    """Networks first and the manifest last: a half-written bundle does not verify."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = {}
    for role, content in files.items():
        (folder / f"{role}.tflite").write_bytes(content)
        entries[role] = {"name": f"{role}.tflite", "sha256": hashlib.sha256(content).hexdigest()}
    manifest = {
        "name": folder.name,
        "version": version,
        "task": task,
        "features": tag,
        "source": f"mediapipe {WHEEL_VERSION} wheel",
        "licence": LICENCE,
        "input": {"pixels": "BGR, 0 to 255, unmirrored", "layout": "one square crop"},
        "files": entries,
        **(details or {}),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")


def write_card(folder: Path, *, task: str, calibration: dict[str, int], table: dict[str, dict[str, Agreement]]) -> None:
    """What the networks are, how they were made, and what quantizing cost on pictures they never saw."""
    lines = [
        f"# Model card: {folder.name}",
        "",
        f"MediaPipe's networks for {task} ({LICENCE}), from the {WHEEL_VERSION} wheel. Changed here: outputs that this",
        "program does not use are cut off, float16 weights unpacked, and input channels turned to BGR. Networks are",
        f"static int8 but for the heads and the first operators. {_TRAINED[task]}",
        "Made by `python -m training.quantize landmarks`.",
        "",
        "## Calibration",
        "",
        "Ranges over real crops, as many of each source, every other picture mirrored, the outermost values left out:",
        ", ".join(f"{source} {count}" for source, count in sorted(calibration.items())) + ".",
        "",
        "## Against MediaPipe's float networks on the same regions of held-out sources",
        "",
        "Error: mean landmark distance over "
        + ("hand size." if task == "hands" else "shoulder width, upper body.")
        + " Agree: both see something, or both nothing.",
        "",
        "| network | source | crops | agree | error median | error p95 |",
        "|---|---|---|---|---|---|",
    ]
    for role, sources in table.items():
        for source, agreement in sorted(sources.items(), key=lambda item: (item[0] == "all", item[0])):
            row = agreement.summary()
            cells = [row["crops"], row["agree"], row.get("error_median", ""), row.get("error_p95", "")]
            lines.append(f"| {role} | {source} | " + " | ".join(str(cell) for cell in cells) + " |")
    (folder / "CARD.md").write_text("\n".join(lines) + "\n", "utf-8")
