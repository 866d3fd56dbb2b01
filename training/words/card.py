"""CARD.md of the word bundle: what it is, how well it reads unseen people, and what it was trained on."""

from pathlib import Path
from typing import Any

from edge.bundle import Bundle
from training.sources import LOOKALIKES, NEVER_TRAIN, WORD_SOURCES, Source, evaluation_only

EXPERIMENTS = Path(__file__).with_name("EXPERIMENTS.md")
_UNSEEN = "python -m training.evaluate words --leave-people-out"


def write_card(bundle: Bundle, report: dict[str, Any] | None, lessons: dict[str, Any] | None = None) -> None:
    """Write the card beside the bundle's manifest; `report` is of the cross-validation, `lessons` of teaching."""
    parts = [_head(bundle)]
    if report is not None:
        parts += [
            _figures(report),
            _others(report),
            _streams(report),
            *([_taught(lessons)] if lessons else []),
            _reliability(report),
            _by_group(report),
            _by_label(report, bundle),
        ]
    parts += [EXPERIMENTS.read_text("utf-8").strip(), _sources(), _spelling(bundle)]
    (bundle.path / "CARD.md").write_text("\n\n".join(parts) + "\n", "utf-8")


def _head(bundle: Bundle) -> str:
    size = bundle.file().stat().st_size
    known, disabled = len(bundle.labels) - 1, len(bundle.operating_point.get("disabled", ()))
    return f"""# words {bundle.version}

Reads {known - disabled} signs of American Sign Language from the landmarks of both hands and the shoulders, from
the moment the hands come up to the moment they go down; the network knows {known}, of which {disabled} are
shipped disabled. One static int8 .tflite file of {size / 1000:.0f} kB. Input:
{" x ".join(str(n) for n in bundle.manifest["input"][1:])} features (`{bundle.features}`, see `edge/word_features.py`).
Outputs: logits of the words and `nothing`, and the embedding that they are made from, in which signs that the network
was never taught lie near their like too (`asl-edge models teach`). What lies far from all words there leans to
`nothing`, in the network itself. The manifest holds the temperature, each word's
floor and the words that are shipped disabled. It is no interpreter: below its floor a word stays unsaid.

Made by `python -m training.train words` and `python -m training.quantize words`."""


def _figures(report: dict[str, Any]) -> str:
    parity = report["parity"]
    rows = [
        f"| {name} | {row['clips']} | {row['accuracy']:.3f} | {row['top5']:.3f} | {row['coverage']:.3f} "
        f"| {row['wrong_confident']:.3f} |"
        for name, row in report["groups"].items()
        if row["clips"]
    ]
    head = f"""## On people it has never seen

`{_UNSEEN}`: {report["folds"]} folds; each holds out whole
recorders, GISLR participants and framing clusters of WLASL, and the glosses outside the vocabulary that they sign. Made
int8, judged through the edge's interpreter. Accuracy is the choice among all words (with `nothing` competing:
{report["accuracy_with_nothing"]:.3f} of all clips as shown instead of {report["accuracy"]:.3f}). The dictionaries are
never trained on. What is said was decided by floors fitted on the other folds' people.
"As shown" leaves out recordings of another sign than their name says, listed under Sources.

| | clips | accuracy | top 5 | said | said and wrong |
|---|---|---|---|---|---|"""
    tail = f"""
Float and int8 decide alike on {parity["agreement"]:.4f} of {parity["clips"]} clips; their accuracies are
{parity["float_accuracy"]:.4f} and {parity["int8_accuracy"]:.4f}."""
    return "\n".join([head, *rows, tail])


def _others(report: dict[str, Any]) -> str:
    rows = [f"| {name} | {row['clips']} | {row['with_a_word']:.3f} |" for name, row in report["others"].items()]
    head = ["## Who signs no word of it", "", "| clips of | clips | in which a word was said |", "|---|---|---|"]
    return "\n".join([*head, *rows])


def _streams(report: dict[str, Any]) -> str:
    rows = [
        f"| {name} | {row['signs']} | {row['said']} | {_or_blank(row['precision'])} | {_or_blank(row['recall'])} "
        f"| {_or_blank(row['median_delay_s'])} | {row['wrong']} | {_or_blank(row['speaking'])} "
        f"| {60 * row['hours']:.0f} |"
        for name, row in report["streams"].items()
    ]
    head = """## In a stream

Recordings of unseen people one after the other, a second and a half of rest between, through the daemon's word reader.
The hands rest out of sight (away), before the belly (lowered, within 0.3 s) or where the sign left them (kept); the
last two are made up, with a tremor of 0.01 palm lengths. Said right counts once a sign, until half a second after its
end; everything else said is wrong. A sign makes it speak if anything is said during it or until the next one.

| streams of | signs | said | precision | recall | median delay (s) | wrong | signs that make it speak | minutes |
|---|---|---|---|---|---|---|---|---|"""
    return "\n".join([head, *rows])


def _taught(lessons: dict[str, Any]) -> str:
    rows = [
        f"| {examples} | {row['mean']:.3f} | {row['sd']:.3f} | {_or_blank(row['taught_by_others'])} "
        f"| {_or_blank(row['taught_by_same_person'])} |"
        for examples, row in lessons["accuracy"].items()
        if row["draws"]
    ]
    said = [
        f"| {kind} | {row['clips']} | {_or_blank(row['right'])} | {_or_blank(row['wrong'])} "
        f"| {_or_blank(row['said_untaught'])} |"
        for kind, row in lessons["said"].items()
        if row["clips"]
    ]
    point, number = lessons["taught"], lessons["taught_at_once"]
    head = f"""## Signs taught on the device

`python -m training.evaluate words --teach`: networks that never saw the glosses that they are then taught (a quarter of
the vocabulary beyond the core and what the held-out signers sign outside it; {len(lessons["glosses"])} glosses over all
folds), nor the held-out signers. {number} random glosses at a time; which of them is the nearest example of? Where
several people sign a gloss (WLASL50, some of the recorders') others teach it than are read; where one does, other
recordings of the same session are read.

| examples | right of {number} | sd over draws | taught by other people | by the same person |
|---|---|---|---|---|"""
    tail = f"""
Said aloud is only what is near enough: a cosine of {point["floor"]:.2f} or more, half sure at {point["middle"]:.2f}. It
lets {number} taught signs be said in 5 % of clips of signs that are neither taught nor known; in the table below
it was fitted on other glosses and signers than are read. Isolated clips through the daemon's word reader, each sign
taught by five examples:

| clips | number | right sign said | wrong sign said | anything said before the teaching |
|---|---|---|---|---|"""
    return "\n".join([head, *rows, tail, *said])


def _or_blank(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _reliability(report: dict[str, Any]) -> str:
    rows = [
        f"| {row['from']:.1f} to {row['to']:.1f} | {row['clips']} | {row['confidence']:.3f} | {row['accuracy']:.3f} |"
        for row in report["reliability"]
    ]
    head = ["## Reliability", "", f"Expected calibration error {report['ece']:.3f}.", ""]
    return "\n".join([*head, "| confidence | clips | mean confidence | right |", "|---|---|---|---|", *rows])


def _by_group(report: dict[str, Any]) -> str:
    rows = [
        f"| {each} | {share:.3f} |"
        for name, row in report["groups"].items()
        if name in ("core words, mean over recorders", "core words, mean over GISLR participants")
        for each, share in row["each"].items()
    ]
    return "\n".join(["## Core words by recorder", "", "| held out | accuracy |", "|---|---|", *rows])


def _by_label(report: dict[str, Any], bundle: Bundle) -> str:
    disabled, floors = set(report["operating_point"]["disabled"]), report["operating_point"]["floors"]
    rows = []
    for label in bundle.labels[:-1]:
        mistakes = [f"{other} {count}" for other, count in report["confusion"].get(label, {}).items() if other != label]
        share = report["per_label"].get(label)
        state = "disabled" if label in disabled else f"{floors[label]:.2f}"
        shown = "" if share is None else f"{share:.3f}"
        rows.append(f"| {label} | {shown} | {state} | {', '.join(mistakes[:3])} |")
    head = ["## By word", "", "| word | accuracy | floor | read instead (clips) |", "|---|---|---|---|"]
    return "\n".join([*head, *rows])


def _spelling(bundle: Bundle) -> str:
    known = {source.name for source in WORD_SOURCES}
    names = [row["name"] for row in bundle.manifest["sources"] if row["name"] not in known]
    return f"Also trained on: {', '.join(names) or 'nobody'} (fingerspelling, as `nothing`; see the letters' card)."


def _sources() -> str:
    head = "## Sources\n\nMost state no licence and show people: nothing of theirs is in this project."
    rows = [_source(source) for source in WORD_SOURCES]
    alike = ", ".join(sorted(LOOKALIKES))
    tail = f"\nNot taught as `nothing` because a word of the vocabulary looks the same: {alike}."
    return "\n".join(
        [head, "", "| source | licence | signers | remarks | not trained on |", "|---|---|---|---|---|", *rows, tail]
    )


def _source(source: Source) -> str:
    excluded = "; ".join(f"{label}: {why}" for label, why in source.exclude.items())
    if source.name in NEVER_TRAIN:
        excluded = f"all: {NEVER_TRAIN[source.name]}"
    elif evaluation_only(source.licence):
        excluded = "all: its licence allows tests only"
    return f"| {source.name} | {source.licence} | {source.signers} | {source.quirks} | {excluded} |"
