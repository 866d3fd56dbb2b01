"""`asl-edge models`: the model bundles on this device, and the signs taught to them."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from edge.bundle import Bundle, verify_bundle
from edge.config import add_config_arguments, config_of
from edge.errors import InputError
from edge.paths import fill_models, models_dir
from edge.taught import TaughtSign, taught_dir, usable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, summary, run_action in (
        ("list", "name, version, task and size of every bundle", _list),
        ("verify", "check every bundle as the daemon would: files, features, networks; the kept ones too", _verify),
        ("install", "check a bundle and put it in force, keeping the one before it", _install),
        ("rollback", "put the bundle before the present one back in force", _rollback),
        ("teach", "make a new sign known from three to five recordings of its landmarks", _teach),
        ("forget", "take a taught sign away again", _forget),
    ):
        action = actions.add_parser(name, help=summary, description=summary)
        add_config_arguments(action)
        action.add_argument("--json", action="store_true", help="print JSON")
        action.set_defaults(run_action=run_action)
        if name == "install":
            action.add_argument("path", type=Path, metavar="PATH", help="folder of the bundle, with its manifest.json")
        if name == "rollback":
            action.add_argument("name", metavar="NAME", help="name of the bundle, as `models list` shows it")
        if name in ("teach", "forget"):
            action.add_argument("gloss", metavar="GLOSS", help="name of the sign, as the landmark store labels it")
        if name == "teach":
            action.add_argument("--store", type=Path, required=True, metavar="F", help="landmark store of recordings")


def run(args: argparse.Namespace) -> int:
    return int(args.run_action(args, models_dir(config_of(args))))


def _install(args: argparse.Namespace, root: Path) -> int:
    from edge.model_folder import install  # noqa: PLC0415 - listing needs no interpreter

    _tell(args, root, *install(args.path, root))
    if config_of(args).models_dir is None and not args.json:
        print("it lasts until asl-edge is installed anew; a folder of your own (models_dir) lasts longer")
    return 0


def _rollback(args: argparse.Namespace, root: Path) -> int:
    from edge.model_folder import rollback  # noqa: PLC0415 - listing needs no interpreter

    _tell(args, root, *rollback(args.name, root))
    return 0


def _teach(args: argparse.Namespace, root: Path) -> int:
    from edge.pipeline import load_words  # noqa: PLC0415 - listing needs no interpreter
    from edge.teach import run_teach  # noqa: PLC0415

    config = config_of(args)
    return run_teach(args, load_words(config, root), taught_dir(root, config.words.bundle))


def _forget(args: argparse.Namespace, root: Path) -> int:
    from edge.teach import run_forget  # noqa: PLC0415 - listing needs no interpreter

    return run_forget(args, taught_dir(root, config_of(args).words.bundle))


def _tell(args: argparse.Namespace, root: Path, bundle: Bundle, earlier: str | None) -> None:
    if args.json:
        print(json.dumps(_facts(bundle) | {"replaced": earlier}))
    else:
        kept = f"; `asl-edge models rollback {bundle.name}` brings version {earlier} back"
        print(f"{bundle.name} {bundle.version} is in force in {root}{kept if earlier else ''}")
        print("a running daemon takes it with: systemctl reload asl-edge (or the MQTT command cmd/reload/set)")


def _verify(args: argparse.Namespace, root: Path) -> int:
    from edge.model_folder import check  # noqa: PLC0415 - listing needs no interpreter

    _, problems_of_kept = _each(root.glob(".*.previous"), check)
    return _show(args, root, check, problems_of_kept)


def _list(args: argparse.Namespace, root: Path) -> int:
    return _show(args, root, verify_bundle, [])


def _show(args: argparse.Namespace, root: Path, look: Callable[[Path], Bundle], problems: list[str]) -> int:
    """Print every bundle that passes `look`; the others' problems follow the given ones."""
    bundles, broken = _each(root.glob("[!.]*"), look)
    if not bundles and not broken:
        broken = [f"{root}: no bundle here; {fill_models(root)}"]
    signs, unusable = _taught(bundles, root)
    problems = broken + problems + unusable
    if args.json:
        facts = [{"gloss": sign.gloss, "bundle": name, "recordings": len(sign.examples)} for name, sign in signs]
        print(json.dumps({"bundles": [_facts(bundle) for bundle in bundles], "taught": facts, "problems": problems}))
    else:
        for bundle in bundles:
            kilobytes = f"{_kilobytes(bundle):7.0f} kB"
            print(f"{bundle.name:12} {bundle.version:8} {bundle.task:8} {kilobytes}  {len(bundle.labels)} labels  ok")
        for name, sign in signs:
            print(f"{sign.gloss:12} taught   {name:8} {len(sign.examples):7} recordings  ok")
        for problem in problems:
            print(f"asl-edge: {problem}", file=sys.stderr)
    return InputError.exit_code if problems else 0


def _each(paths: Iterable[Path], look: Callable[[Path], Bundle]) -> tuple[list[Bundle], list[str]]:
    """The bundles that pass `look`, and one line for each other folder."""
    bundles, problems = [], []
    for path in sorted(entry for entry in paths if entry.is_dir()):
        try:
            bundles.append(look(path))
        except InputError as error:
            problems.append(str(error))
    return bundles, problems


def _taught(bundles: list[Bundle], root: Path) -> tuple[list[tuple[str, TaughtSign]], list[str]]:
    """Every taught sign with the bundle that reads it, and one line for each that cannot be used."""
    signs, problems = [], []
    for bundle in bundles:
        for sign in usable(taught_dir(root, bundle.path.name), bundle):
            if isinstance(sign, InputError):
                problems.append(str(sign))
            else:
                signs.append((bundle.name, sign))
    return signs, problems


def _facts(bundle: Bundle) -> dict[str, object]:
    return {
        "name": bundle.name,
        "version": bundle.version,
        "task": bundle.task,
        "features": bundle.features,
        "kilobytes": _kilobytes(bundle),
        "labels": len(bundle.labels),
        "sha256": bundle.sha256,
    }


def _kilobytes(bundle: Bundle) -> float:
    return sum(bundle.file(role).stat().st_size for role in bundle.sha256) / 1000
