"""`python -m training.pipeline letters|words`: extract, train, cross-validate, quantize, evaluate, in one command.

A step whose inputs (stores, settings, code, results of earlier steps) are unchanged is skipped, and the reason said
either way. Extraction always looks: it reads only recordings that are new or changed.
"""

import argparse
import contextlib
import importlib
import logging
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.argument_parser import ArgumentParser
from edge.bundle import MANIFEST
from edge.errors import InputError
from training.bundles import check_replaceable
from training.caching import Fingerprints, StepCache, code_fingerprints, content_hash
from training.command import Listed, run_module, run_parsed
from training.extract import add_rules, extract, rules_of
from training.options import REPORT, add_licences
from training.sources import may_train, same_people
from training.store import Clip, read_named

log = logging.getLogger(__name__)

CROSS_VALIDATION = {"letters": "--leave-one-source-out", "words": "--leave-people-out"}
"""By task, the option of `training.evaluate` that judges on people the models never saw."""
_EXTRACTED, _FIGURES, _CACHE = "extracted.parquet", "figures.json", "pipeline.json"


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the training package, and the files that tell whether it must run."""

    name: str
    module: str
    arguments: list[str]
    reads: list[Path]
    makes: list[Path]
    clears: tuple[str, ...] = ()
    """Patterns of what a run with other inputs left behind: its checkpoints and samples must not be continued."""
    prints_to: Path | None = None
    """Where its standard output goes."""

    def inputs(self) -> Fingerprints:
        """Fingerprints of all that its result depends on."""
        files = {str(path): content_hash(path) for path in self.reads}
        return files | {"options": " ".join(self.arguments)} | code_fingerprints(self.module)

    def run(self) -> int:
        """Run the command in this process; returns its exit code."""
        main: Callable[[list[str]], int] = importlib.import_module(self.module).main
        if self.prints_to is None:
            return main(self.arguments)
        with self.prints_to.open("w", encoding="utf-8") as file, contextlib.redirect_stdout(file):
            return main(self.arguments)


def steps(task: str, args: argparse.Namespace, stores: list[Path]) -> list[Step]:
    """The steps after extraction."""
    out: Path = args.out
    bundle: Path = args.bundle or out / "bundle"
    config = ["--config", str(args.config)] if args.config else []
    common = ["--store", *map(str, stores), *config, "--licences", args.licences, "--out", str(out)]
    trained = [out / "float.keras", out / "training.json"]
    crossval = out / REPORT[args.licences]
    read = [*stores, *([args.config] if args.config else [])]
    made = [bundle / name for name in (MANIFEST, "model.tflite", "labels.txt")]
    package = f"training.{task}"
    train = Step("train", f"{package}.train", common, read, trained, ("final-*", "*rounds-*", "float.keras"))
    judge = Step(
        *("cross-validate", f"{package}.evaluate", [*common, CROSS_VALIDATION[task]], read, [crossval]),
        clears=("folds", crossval.name),
    )
    trial = ["--without-crossval"] if args.without_crossval else []
    quantize = Step(
        *("quantize", f"{package}.quantize", [*common, "--bundle", str(bundle), *trial]),
        [*read, *trained, *([] if trial else [crossval])],
        made,
    )
    planned = [train, *([] if trial else [judge]), quantize]
    if args.test:
        options = ["--store", *map(str, args.test), "--bundle", str(bundle), "--json"]
        figures = out / _FIGURES
        planned.append(
            Step("evaluate", f"{package}.evaluate", options, [*args.test, *made], [figures], prints_to=figures)
        )
    return planned


def check_strangers(tests: Sequence[Path], stores: Sequence[Path], licences: str) -> None:
    """Refuse flattering figures: on people or sources that are trained on.

    Raises:
        InputError: who is on both sides.
    """
    tested = {who for store in tests for clip in read_named(store) for who in _who(clip)}
    for store in stores if tested else ():
        for clip in read_named(store):
            if may_train(clip, licences) and (known := _who(clip) & tested):
                mend = "take other people, recorded with a --collection or extracted with a --source of their own"
                raise InputError(f"--test: {min(known)} is trained on, in {store}; {mend}")


def _who(clip: Clip) -> set[str]:
    groups = {same_people(clip.signer), same_people(clip.source)}
    alike = {f"one of {', '.join(sorted(group))}, who may be the same people," for group in groups if len(group) > 1}
    return {f"signer '{clip.signer}'", f"source '{clip.source}'", *alike}


def carry_out(planned: list[Step], folder: Path, *, with_code: bool = True) -> int:
    """Run what must run, saying why each step does or does not; returns the exit code of the first that fails."""
    cache = StepCache(folder / _CACHE, with_code=with_code)
    for step in planned:
        inputs = step.inputs()
        why = cache.why(step.name, inputs)
        if why is None:
            log.info("%s: skipped, nothing that it reads has changed and %s is there", step.name, step.makes[0])
            continue
        log.info("%s: runs, %s", step.name, why)
        if not cache.is_interrupted(step.name, inputs):
            _clear(folder, step.clears)
        cache.begin(step.name, inputs)
        started = time.monotonic()
        code = step.run()
        if code:
            log.error("%s: failed", step.name)
            return code
        cache.finish(step.name, step.makes)
        log.info("%s: done in %.0f s", step.name, time.monotonic() - started)
    return 0


def main(argv: list[str]) -> int:
    """Run the command; its exit code."""
    again = "interrupted; the same command goes on where this one stopped"
    return run_parsed(_parser(), argv, _run, interrupted=again)


def _run(args: argparse.Namespace) -> int:
    if not args.inputs and not args.store:
        raise InputError("nothing to train on; name recordings with --in or landmark stores with --store")
    for store in (*args.store, *args.test):
        if not store.is_file():
            raise InputError(f"{store}: no such landmark store; make it with python -m training.extract")
    if args.out.exists() and not args.out.is_dir():
        raise InputError(f"--out {args.out}: is a file; name a folder")
    if args.bundle:
        check_replaceable(args.bundle)
    args.out.mkdir(parents=True, exist_ok=True)
    stores = list(args.store)
    if args.inputs:
        extracted = args.out / _EXTRACTED
        log.info("extract: looks for new and changed recordings")
        if code := extract(args.inputs, extracted, rules_of(args), args.workers):
            return code
        stores.append(extracted)
    if not args.test:
        log.info("evaluate: left out, no --test store; figures of people it never saw come from cross-validate")
    check_strangers(args.test, stores, args.licences)
    return carry_out(steps(args.task, args, stores), args.out, with_code=not args.ignore_code)


def _clear(folder: Path, patterns: tuple[str, ...]) -> None:
    for path in [path for pattern in patterns for path in folder.glob(pattern)]:
        log.info("  clears %s, made with other inputs", path)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _parser() -> argparse.ArgumentParser:
    parser = ArgumentParser(prog="python -m training.pipeline", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("task", choices=sorted(CROSS_VALIDATION))
    parser.add_argument(
        "--in", dest="inputs", action=Listed, nargs="+", type=Path, default=[], help="recordings to extract first"
    )
    parser.add_argument("--store", action=Listed, nargs="+", type=Path, default=[], help="landmark stores to train on")
    parser.add_argument(
        "--test", action=Listed, nargs="+", type=Path, default=[], help="landmark stores of others, for the figures"
    )
    parser.add_argument("--config", type=Path, help="settings of the training run (YAML)")
    add_licences(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder for all that is made on the way")
    parser.add_argument("--bundle", type=Path, help="folder of the bundle; default: `bundle` under --out")
    parser.add_argument("--without-crossval", action="store_true", help="for trials: no figures, no gate on int8")
    parser.add_argument("--ignore-code", action="store_true", help="a change of the program alone runs nothing again")
    add_rules(parser)
    return parser


if __name__ == "__main__":
    run_module(main)
