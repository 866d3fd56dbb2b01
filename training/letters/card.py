"""CARD.md of the letter bundle: what it is, how well it reads unseen people, and what it was trained on."""

from pathlib import Path
from typing import Any

from edge.bundle import Bundle
from edge.labels import NOTHING
from training.letters.noise import KINDS, SPREADS
from training.sources import LETTER_SOURCES, Source

EXPERIMENTS = Path(__file__).with_name("EXPERIMENTS.md")
_UNSEEN = "python -m training.evaluate letters --leave-one-source-out"


def write_card(bundle: Bundle, report: dict[str, Any] | None, clear: dict[str, Any] | None = None) -> None:
    """Write the card beside the bundle's manifest.

    `report` is the cross-validation's, `clear` the one for training on sources with a clear licence only.
    """
    parts = [_head(bundle)]
    if report is not None:
        parts += [_figures(report), _by_source(report), _by_letter(report), _motions(report), _noise(report)]
        parts.append(_others(report))
    if clear is not None:
        parts.append(_clear(clear))
    parts += [EXPERIMENTS.read_text("utf-8").strip(), _sources(), _taught_as_nothing(bundle)]
    (bundle.path / "CARD.md").write_text("\n\n".join(parts) + "\n", "utf-8")


def _head(bundle: Bundle) -> str:
    size = bundle.file().stat().st_size
    return f"""# letters {bundle.version}

Reads the letters of the American Sign Language alphabet from the landmarks of one hand and its last two seconds.
One static int8 .tflite file of {size / 1000:.0f} kB. Input: {bundle.manifest["input"][1]} features
(`{bundle.features}`, see `edge/features.py`). Output: logits of A to Z and `nothing`; the manifest holds the
temperature and each letter's floor. It is no interpreter: below its floor a letter stays unsaid.

Made by `python -m training.train letters` and `python -m training.quantize letters`."""


def _figures(report: dict[str, Any]) -> str:
    parity = report["parity"]
    return f"""## On sources it has never seen

`{_UNSEEN}`: for every source a model that never saw it, made int8, read as the daemon reads: by its
windows, its interpreter and its look at whether a J or Z was drawn. Nothing is left out but stills of J and Z, in which
a motion cannot be seen. Accuracy is the choice among the letters; where the model would rather say `nothing`, that is a
clip not emitted. Temperature and floors by which a source's clips are emitted here were fitted on the other sources;
those in the manifest on all of them.

| | |
|---|---|
| clips | {report["n"]} |
| mean accuracy over {report["folds"]} sources | {report["mean_source_accuracy"]:.3f} |
| the same without clips that show another sign than named (see Sources) | {report["mean_source_accuracy_shown"]:.3f} |
| accuracy over all clips; where `nothing` competes | {report["accuracy"]:.3f}; {report["accuracy_with_nothing"]:.3f} |
| worst source | {report["worst_source_accuracy"]:.3f} |
| macro over letters | {report["macro_accuracy"]:.3f} |
| emitted (above the floors) | {report["coverage"]:.3f} |
| right among the emitted | {report["accuracy_covered"] or 0:.3f} |
| emitted and wrong | {report["wrong_confident"]:.3f} |
| expected calibration error | {report["ece"]:.3f} |
| accuracy of float, of int8 | {parity["float_accuracy"]:.4f}, {parity["int8_accuracy"]:.4f} |
| float and int8 decide alike | {parity["agreement"]:.4f} |"""


def _others(report: dict[str, Any]) -> str:
    rows = [
        f"| {kind} | {row['clips']} | {row['minutes']:.0f} | {row['silent']:.3f} | {row['letters_per_minute']:.2f} |"
        for kind, row in report["others"].items()
    ]
    head = [
        "## People who spell nothing",
        "",
        "Every second source of words and idle clips, unseen by the model that judges.",
    ]
    table = ["", "| clips of | clips | minutes | without a letter | letters a minute |", "|---|---|---|---|---|", *rows]
    return "\n".join([*head, *table])


def _by_source(report: dict[str, Any]) -> str:
    rows = [f"| {name} | {share:.3f} |" for name, share in report["per_source"].items()]
    return "\n".join(["## By source", "", "| held out | accuracy |", "|---|---|", *rows])


def _by_letter(report: dict[str, Any]) -> str:
    rows = []
    for label, share in report["per_label"].items():
        mistakes = [f"{other} {count}" for other, count in report["confusion"][label].items() if other != label]
        rows.append(f"| {label} | {share:.3f} | {', '.join(mistakes[:3])} |")
    return "\n".join(["## By letter", "", "| letter | accuracy | read instead (clips) |", "|---|---|---|", *rows])


def _motions(report: dict[str, Any]) -> str:
    motions = report["motions"]
    rows = [f"| {name} | {right} of {total} |" for name, (right, total) in motions["right_of"].items()]
    return f"""## J and Z drawn by people it has never seen

Sequences, and drawings put together from numbered stills (mariia, aslexplorer). dylan draws J with the index finger;
rjp holds both still, yumenin the J.
Static letters taken for J or Z: {motions["static_read"]:.2%}, emitted so: {motions["static_emitted"]:.2%}.

| source | read right |
|---|---|
""" + "\n".join(rows)


def _noise(report: dict[str, Any]) -> str:
    head = " | ".join(f"sd {spread:g}" for spread in SPREADS)
    rows = [f"| {kind} | " + " | ".join(f"{share:.2%}" for share in report["noise"][kind]) + " |" for kind in KINDS]
    return f"""## Noise taken for a letter

Share of windows that would have been emitted: random points, an unseen person's hand under noise (in hand widths), and
random features.

| noise | {head} |
|---|---|---|---|
""" + "\n".join(rows)


def _clear(report: dict[str, Any]) -> str:
    return f"""## Trained on sources with a clear licence alone

`{_UNSEEN} --licences clear`
(`python -m training.train letters --licences clear` trains it). All other sources are judged by one model of the clear
ones, each clear one by a model of the rest.

| | |
|---|---|
| mean accuracy over {report["folds"]} sources | {report["mean_source_accuracy"]:.3f} |
| worst source | {report["worst_source_accuracy"]:.3f} |
| macro over letters | {report["macro_accuracy"]:.3f} |
| emitted and wrong | {report["wrong_confident"]:.3f} |"""


def _sources() -> str:
    head = "## Sources\n\nMost state no licence and show people: nothing of theirs is in this project."
    rows = [_source(source) for source in LETTER_SOURCES]
    return "\n".join(
        [head, "", "| source | licence | signers | remarks | not trained on |", "|---|---|---|---|---|", *rows]
    )


def _taught_as_nothing(bundle: Bundle) -> str:
    names = [row["name"] for row in bundle.manifest["sources"] if row.get("taught_as") == NOTHING]
    return f"Also trained on, as `nothing`: {', '.join(names) or 'nobody'}."


def _source(source: Source) -> str:
    excluded = "; ".join(f"{label}: {why}" for label, why in source.exclude.items())
    return f"| {source.name} | {source.licence} | {source.signers} | {source.quirks} | {excluded} |"
