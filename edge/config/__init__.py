"""Configuration: the schema (every option, once) and the loader that says where a file is wrong.

The loader builds any frozen dataclass of settings with defaults; `training` uses it for its own.
"""

from edge.config.arguments import add_config_arguments, config_of
from edge.config.loader import load_config, load_settings, parse_settings
from edge.config.schema import (
    CameraConfig,
    CaptionsConfig,
    Config,
    ControlsConfig,
    DaemonConfig,
    DisplayConfig,
    GovernorConfig,
    LandmarksConfig,
    LettersConfig,
    MqttConfig,
    SignerConfig,
    SpeechConfig,
    WordsConfig,
)
from edge.config.show import dump_config, options_table

__all__ = [
    "CameraConfig",
    "CaptionsConfig",
    "Config",
    "ControlsConfig",
    "DaemonConfig",
    "DisplayConfig",
    "GovernorConfig",
    "LandmarksConfig",
    "LettersConfig",
    "MqttConfig",
    "SignerConfig",
    "SpeechConfig",
    "WordsConfig",
    "add_config_arguments",
    "config_of",
    "dump_config",
    "load_config",
    "load_settings",
    "options_table",
    "parse_settings",
]
