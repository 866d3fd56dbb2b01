"""`python -m training.tune letters|words`: search over the settings of a training run, on people it never trains on.

Settings are chosen by one group of sources or signers and confirmed by another; anyone named with `--hold-out` is in
neither, nor in training. Figures on the people searched by flatter the settings: report figures on others.
"""

import argparse
import dataclasses
import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import optuna
import yaml

from edge.argument_parser import ArgumentParser
from training.command import Listed, count, run_module, run_parsed
from training.options import LETTER_STORE, WORD_STORE, add_licences, add_stores, existing_stores
from training.store import store_hashes
from training.trials import TASKS, Task

log = logging.getLogger(__name__)

_LOGARITHMIC_RATIO = 50.0
"""Bounds this many times apart are searched by logarithm."""
_RANDOM_TRIALS = 5
"""Trials before the search learns from what it saw."""


def main(argv: list[str]) -> int:
    """Run the command; its exit code."""
    again = "interrupted; the same command goes on after the last whole trial"
    return run_parsed(_parser(), argv, tune, interrupted=again)


def tune(args: argparse.Namespace) -> int:
    """Search until `args.trials` are done, confirm the best, write it; returns the exit code.

    Raises:
        InputError: a store or setting that cannot be used, or too few people to split.
    """
    existing_stores(args)
    args.out.mkdir(parents=True, exist_ok=True)
    task = TASKS[args.task](args)
    log.info("search by %s", ", ".join(task.split.search))
    log.info("confirm by %s", ", ".join(task.split.confirm))
    study = _open_study(args, task)
    search(study, task, args.trials)
    best = dict(study.best_trial.params)
    results = confirm(study, task, best)
    path = args.out / "best.yaml"
    path.write_text(as_yaml(task, best, results), "utf-8")
    for name, scores in results.items():
        print(f"{name:8} search {scores['search']:.4f}  confirm {scores['confirm']:.4f}")
    if results["best"] == results["default"]:
        print("nothing better was found than the settings it started from")
    elif results["best"]["confirm"] <= results["default"]["confirm"]:
        print("not confirmed: other people are read no better than with the settings it started from")
    print(f"{path}; next: python -m training.train {args.task} --config {path}")
    return 0


def search(study: optuna.Study, task: Task, trials: int) -> None:
    """Run trials until so many are complete; the first has the settings as they are."""
    ranges = {name: _distribution(task.base, name, bounds) for name, bounds in task.ranges.items()}
    if not study.trials:
        study.enqueue_trial({name: _as_choice(getattr(task.base, name)) for name in ranges})
    while (done := len(study.get_trials(states=[optuna.trial.TrialState.COMPLETE]))) < trials:
        trial = study.ask(ranges)
        scores = task.scores(with_settings(task.base, trial.params))
        trial.set_user_attr("confirm", scores["confirm"])
        study.tell(trial, scores["search"])
        log.info("trial %d of %d: %.4f with %s", done + 1, trials, scores["search"], trial.params)


def confirm(study: optuna.Study, task: Task, best: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Run both settings again with a seed that no trial had: the best trial's luck is gone."""
    start = {name: _as_choice(getattr(task.base, name)) for name in task.ranges}
    return {"default": _anew(study, task, start), "best": _anew(study, task, best)}


def _anew(study: optuna.Study, task: Task, values: dict[str, Any]) -> dict[str, float]:
    """Scores with the new seed, kept in the study."""
    key = json.dumps(values, sort_keys=True)
    if key not in study.user_attrs:
        log.info("confirm: %s", values)
        other_seed = dataclasses.replace(task.base, seed=task.base.seed + 1)
        study.set_user_attr(key, task.scores(with_settings(other_seed, values)))
    scores: dict[str, float] = study.user_attrs[key]
    return scores


def with_settings(base: Any, values: dict[str, Any]) -> Any:
    """Settings with these values; `272-152` means a tuple."""
    changes = {
        name: tuple(int(part) for part in value.split("-")) if isinstance(getattr(base, name), tuple) else value
        for name, value in values.items()
    }
    return dataclasses.replace(base, **changes)


def as_yaml(task: Task, best: dict[str, Any], results: dict[str, dict[str, float]]) -> str:
    """A file for `training.train --config`: what differs from the defaults, and how it was found."""
    settings = dataclasses.replace(with_settings(task.base, best), rounds=task.rounds)
    chosen, defaults = dataclasses.asdict(settings), dataclasses.asdict(type(task.base)())
    lines = [
        "# Made by training.tune. Mean accuracy over the sources of people that no trial trained on,",
        f"# after {task.base.rounds} rounds (a learning rate that is best for few need not be best for many):",
        *(
            f"#   {name}: {scores['search']:.4f} on those searched by, {scores['confirm']:.4f} on others"
            for name, scores in results.items()
        ),
        f"# Searched by: {', '.join(task.split.search)}. Their figures flatter these settings.",
        f"# Confirmed by: {', '.join(task.split.confirm)}.",
        *([f"# Seen by nothing here: {', '.join(task.split.held_out)}."] if task.split.held_out else []),
    ]
    return "\n".join(lines) + "\n" + yaml.safe_dump(_difference(chosen, defaults), sort_keys=False)


def _difference(chosen: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in chosen.items():
        if isinstance(value, dict):
            found |= {name: inner} if (inner := _difference(value, defaults[name])) else {}
        elif value != defaults[name]:
            found[name] = list(value) if isinstance(value, tuple) else value
    return found


def _open_study(args: argparse.Namespace, task: Task) -> optuna.Study:
    """The study of exactly these stores, settings and people, with its trials so far."""
    facts = [store_hashes(args.store), args.licences, dataclasses.asdict(task.base), dataclasses.asdict(task.split)]
    name = f"{args.task}-{hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]}"
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = f"sqlite:///{(args.out / 'tune.sqlite').resolve()}"
    study = optuna.create_study(study_name=name, storage=storage, direction="maximize", load_if_exists=True)
    # A seed as old as the study would draw the first trials' values again.
    study.sampler = optuna.samplers.TPESampler(seed=len(study.trials), n_startup_trials=_RANDOM_TRIALS)
    if study.trials:
        log.info("goes on: %d trials are there", len(study.get_trials(states=[optuna.trial.TrialState.COMPLETE])))
    return study


def _distribution(
    base: Any, name: str, bounds: tuple[float, float] | tuple[str, ...]
) -> optuna.distributions.BaseDistribution:
    """The range of a setting, widened if its present value lies outside."""
    value = _as_choice(getattr(base, name))
    if isinstance(value, str):
        return optuna.distributions.CategoricalDistribution(sorted({*map(str, bounds), value}))
    low, high = (float(bound) for bound in bounds)
    low, high = min(low, value), max(high, value)
    return optuna.distributions.FloatDistribution(low, high, log=0 < low < high / _LOGARITHMIC_RATIO)


def _as_choice(value: Any) -> Any:
    return "-".join(map(str, value)) if isinstance(value, tuple) else value


def _parser() -> argparse.ArgumentParser:
    parser = ArgumentParser(prog="python -m training.tune", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("task", choices=sorted(TASKS))
    add_stores(parser, (LETTER_STORE, WORD_STORE))
    parser.add_argument("--config", type=Path, help="settings to start from (YAML)")
    add_licences(parser)
    parser.add_argument("--trials", type=count, default=20, help="how many in all, those of earlier runs counted")
    parser.add_argument(
        "--rounds",
        type=count,
        help="length of a trial; default: that of the settings. Much shorter ones choose too high a learning rate",
    )
    parser.add_argument(
        "--hold-out",
        action=Listed,
        nargs="*",
        default=[],
        metavar="NAME",
        help="sources (letters) or signers (words) to leave alone",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("build/tune"), help="folder for samples, trials and `best.yaml`"
    )
    return parser


if __name__ == "__main__":
    run_module(main)
