"""Where the program's own files are: beside the package in a checkout, under the prefix when installed."""

import shlex
import sys
from pathlib import Path

from edge.config import Config
from edge.errors import InputError

_CHECKOUT = Path(__file__).resolve().parent.parent
_INSTALLED = Path(sys.prefix) / "share" / "asl-edge"
MODELS_UNWRITABLE_HINT = "run as root, or set models_dir to a folder of your own"
"""What to do if the models folder may not be written to."""


def shipped(name: str) -> Path:
    """Folder `models`, `configs` or `systemd` of the checkout or of the installed package."""
    base = _CHECKOUT if (_CHECKOUT / "setup.py").is_file() else _INSTALLED
    if not (base / name).is_dir():
        raise InputError(f"{base / name}: not found; install asl-edge again with pip install .")
    return base / name


def models_dir(config: Config) -> Path:
    """The models folder in force: the configured one, else the program's own."""
    if config.models_dir is None:
        return shipped("models")
    try:
        path = Path(config.models_dir).expanduser()
        if path.is_dir():
            return path
    except (RuntimeError, OSError) as error:
        raise InputError(f"models_dir: {config.models_dir}: {error}; name a folder that can be read") from error
    mend = "name a folder" if path.exists() else fill_models(path)
    raise InputError(f"models_dir: {path} is not a folder; leave the option empty, or {mend}")


def fill_models(root: Path) -> str:
    """What to do about missing bundles in a models folder; existing ones stay as they are."""
    own = shipped("models")
    if root.resolve() == own.resolve():
        return "install asl-edge again, or set models_dir"
    make, copy = shlex.join(["mkdir", "-p", str(root)]), shlex.join(["cp", "-rn", f"{own}/.", str(root)])
    return f"copy the shipped models there: {make} && {copy}"
