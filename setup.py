"""Packaging: the daemon's few dependencies, and extras for training, tests and the reference check."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+?)"', (ROOT / "edge/__init__.py").read_text("utf-8")).group(1)

# Upper bounds are deliberate: litert 2.2 crashes under qemu-user, OpenCV 4.14 has lost setLogLevel and 5 warps pictures
# differently. A user gets what the tests ran on.
CORE = [
    "ai-edge-litert>=2.1.6,<2.2",
    "numpy>=1.26,<2.3",
    "opencv-python-headless>=4.10,<4.13",
    "paho-mqtt>=2.1,<2.2",
    "pyttsx3>=2.99,<3",
    "PyYAML>=6.0,<7",
    "amqtt>=0.11.3,<0.13",
    "websockets>=15,<16",  # amqtt brings and pins it; the broker's listener uses it directly
]
TRAINING = [
    "tensorflow>=2.20,<2.22",
    "ai-edge-quantizer>=0.3,<1",
    "pyarrow>=18",
    "scipy>=1.11",
    "tqdm>=4.66",
    "optuna>=4,<5",
]
DEV = ["pytest>=8", "pytest-timeout>=2.3", "mypy>=1.13", "ruff>=0.8", "types-PyYAML", "psutil>=6", "pyarrow>=18"]
TEACH = ["pyarrow>=18"]  # reads landmark stores; the daemon does without
REFERENCE = ["mediapipe==0.10.18"]


def shipped(folder: str) -> list[tuple[str, list[str]]]:
    """Every file under a top-level folder, to be installed below share/asl-edge."""
    files: dict[str, list[str]] = {}
    for path in sorted((ROOT / folder).rglob("*")):
        relative = path.relative_to(ROOT)
        own = any(part.startswith(".") for part in relative.parts)  # this checkout's earlier bundles and taught signs
        if path.is_file() and "__pycache__" not in path.parts and not own:
            files.setdefault(f"share/asl-edge/{relative.parent}", []).append(str(relative))
    return list(files.items())


setup(
    name="asl-edge",
    version=VERSION,
    description="A headless daemon that reads American Sign Language from a camera and publishes it over MQTT",
    long_description=(ROOT / "README.md").read_text("utf-8") if (ROOT / "README.md").exists() else "",
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11,<3.14",
    packages=find_packages(include=["edge", "edge.*", "training", "training.*"]),
    package_data={
        "edge": ["py.typed", "display/*.html", "display/*.css", "display/*.js", "lexicon/*.txt"],
        "training": ["*/EXPERIMENTS.md"],
    },
    data_files=[*shipped("models"), *shipped("configs"), *shipped("systemd")],
    install_requires=CORE,
    extras_require={"teach": TEACH, "training": TRAINING, "dev": DEV, "reference": REFERENCE},
    entry_points={"console_scripts": ["asl-edge=edge.cli:main"]},
)
