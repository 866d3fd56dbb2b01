"""`--config` and the options that override it, the same for every command."""

import argparse
from pathlib import Path

from edge.config.loader import load_config
from edge.config.schema import Config
from edge.config.show import meaning_of

_OVERRIDES = {"source": "camera.source", "mqtt": "mqtt.url"}


def add_config_arguments(parser: argparse.ArgumentParser, *, overrides: bool = False) -> None:
    """Add `--config`, and with `overrides` `--source` and `--mqtt`, for commands with camera and broker."""
    parser.add_argument("--config", type=Path, help="YAML file; without it the defaults of configs/edge.yaml")
    if overrides:
        parser.add_argument("--source", help=_meaning("camera.source"))
        parser.add_argument("--mqtt", metavar="URL", help=_meaning("mqtt.url"))


def config_of(args: argparse.Namespace) -> Config:
    """The configuration that these arguments ask for; raises as `load_config`."""
    given = {key: getattr(args, name, None) for name, key in _OVERRIDES.items()}
    return load_config(args.config, {key: value for key, value in given.items() if value is not None})


def _meaning(key: str) -> str:
    return f"{key} of the config: {meaning_of(key)}"
