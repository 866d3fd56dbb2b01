"""Skips steps that need not run again: fingerprints of what went in are kept beside what came out."""

import ast
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from edge.errors import InputError
from training.whole_file import whole

_ROOT = Path(__file__).resolve().parent.parent
_OURS = ("edge", "training")
_CODE = "code "
"""Prefix of the names of code fingerprints."""

Fingerprints = dict[str, str]
"""Maps the name of an input or output to its content hash."""


def content_hash(path: Path) -> str:
    """sha256 of a file.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); name an existing file") from error


def fingerprints_of(paths: Iterable[Path]) -> Fingerprints:
    """Hashes of files by name; missing files are left out."""
    return {str(path): content_hash(path) for path in paths if path.is_file()}


def digest(values: object) -> str:
    """A short name for what was made with exactly these settings."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:12]


def code_fingerprints(module: str) -> Fingerprints:
    """Hashes of the code of one of our modules and of all of ours that it imports, directly or not."""
    found: dict[str, Path] = {}
    open_ends = [module]
    while open_ends:
        name = open_ends.pop()
        path = _file_of(name)
        if path is not None and name not in found:
            found[name] = path
            open_ends += _imports(path)
    return {f"{_CODE}{path.relative_to(_ROOT)}": code_hash(path) for path in found.values()}


def code_hash(path: Path) -> str:
    """sha256 of what a Python file does, ignoring comments, docstrings and layout."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [line for line in node.body if not _is_text(line)]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def _is_text(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)


class StepCache:
    """What each step was last run with: a JSON file."""

    def __init__(self, path: Path, *, with_code: bool = True) -> None:
        """Without `with_code`, changes of the program do not make a step run again."""
        self._path, self._with_code = path, with_code
        try:
            self._steps: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: damaged ({error}); remove it, and all steps run again") from error

    def why(self, step: str, inputs: Fingerprints) -> str | None:
        """Why a step must run; None where its inputs are unchanged and its outputs untouched."""
        known = self._steps.get(step)
        if known is None:
            return "it never ran"
        if names := self._changed(known["inputs"], inputs):
            return f"changed: {names[0]}" + (f" and {len(names) - 1} more" if len(names) > 1 else "")
        if "outputs" not in known:
            return "it was interrupted, or failed"
        now = fingerprints_of(Path(name) for name in known["outputs"])
        altered = next((name for name in known["outputs"] if now.get(name) != known["outputs"][name]), None)
        return None if altered is None else f"{altered} is missing or altered"

    def is_interrupted(self, step: str, inputs: Fingerprints) -> bool:
        """Whether the step began with these very inputs and did not end."""
        known = self._steps.get(step)
        return known is not None and "outputs" not in known and not self._changed(known["inputs"], inputs)

    def begin(self, step: str, inputs: Fingerprints) -> None:
        self._steps[step] = {"inputs": inputs}
        self._save()

    def finish(self, step: str, outputs: Iterable[Path]) -> None:
        self._steps[step]["outputs"] = fingerprints_of(outputs)
        self._save()

    def _changed(self, before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
        """Names of the inputs that differ."""
        names = [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
        return [name for name in names if self._with_code or not name.startswith(_CODE)]

    def _save(self) -> None:
        with whole(self._path) as partial:
            partial.write_text(json.dumps(self._steps, indent=1) + "\n", "utf-8")


@cache
def _file_of(module: str) -> Path | None:
    """The source of one of our modules; None for anything else, such as a name that a module holds."""
    if module.split(".", maxsplit=1)[0] not in _OURS:
        return None
    path = _ROOT.joinpath(*module.split("."))
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _imports(path: Path) -> Iterator[str]:
    """Modules that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
