"""The landmarks on an emulated Raspberry Pi: `emulate.py same [CLIP...]`, `emulate.py count [CLIP...]`, as root.

`same` looks at pictures of the drawn signer here and under qemu-aarch64, in the same squares, follows the drawn signer
and every CLIP as a stream, and compares. `count` counts the instructions that a frame takes on the CPU of a Pi 4
(Cortex-A72) and of a Pi 5 (Cortex-A76), with `--peer` beside those of MediaPipe Holistic on the same frames. Emulated
time says nothing about a Pi's; the count is the same on every run. The first run, on Debian 12, fetches an arm64 Debian
and wheels into --work: three minutes. No part of CI, for its time.
"""

import argparse
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT))

from edge.config import Config  # noqa: E402 - the path comes first
from edge.demo import DemoSigner  # noqa: E402
from edge.landmarks import Landmarker  # noqa: E402
from edge.types import Frame, Image  # noqa: E402

PACKAGES = ("ai-edge-litert==2.1.6", "numpy==2.2.6", "opencv-python-headless==4.12.0.88", "PyYAML==6.0.3")
PEER_PACKAGES = (
    *("mediapipe==0.10.18", "numpy==1.26.4", "opencv-python-headless==4.11.0.86", "absl-py==2.1.0", "attrs==24.2.0"),
    *("flatbuffers==24.3.25", "protobuf==4.25.5"),
)
CPUS = {"Cortex-A72 (Pi 4)": ("cortex-a72", "0xd08", ""), "Cortex-A76 (Pi 5)": ("neoverse-n1", "0xd0b", " asimddp")}
"""qemu's name of each core, its part number and further features in /proc/cpuinfo, by which XNNPACK chooses kernels.
qemu 7.2 has no A76; the Neoverse N1 is the same core."""
_CPUINFO = """processor\t: {n}
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid{features}
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x4
CPU part\t: {part}
CPU revision\t: 1

"""
TOLERANCE = 1e-3
"""In picture widths."""


class Emulator:
    """An arm64 Debian 12 with the daemon's wheels, under qemu-user."""

    def __init__(self, work: Path) -> None:
        self._work = work
        work.mkdir(parents=True, exist_ok=True)
        self._root, self._qemu = work / "root", work / "dyn"
        if not self._qemu.is_dir():
            self._qemu.mkdir()
            for package in ("qemu-user", "libcapstone4", "liburing2"):
                _run("apt-get", "download", package, cwd=self._qemu)
            for file in self._qemu.glob("*.deb"):
                _run("dpkg", "-x", str(file), str(self._qemu))
        if not self._root.is_dir():
            libraries = "python3,libstdc++6,libgl1,libglib2.0-0,libgomp1"
            _run(
                "mmdebstrap", "--arch=arm64", "--variant=extract", f"--include={libraries}", "bookworm", str(self._root)
            )
        _run("gcc", "-shared", "-fPIC", "-O2", "-o", str(work / "count.so"), str(HERE / "count.c"))

    def _packages(self, *wanted: str) -> Path:
        """Folder with the unpacked wheels, fetched where it is missing."""
        site = self._work / f"site-{wanted[0].partition('==')[0]}"
        if not site.is_dir():
            platforms = [f"--platform=manylinux_2_{minor}_aarch64" for minor in (17, 27, 28)]
            platforms += ["--platform=manylinux2014_aarch64", "--platform=any"]
            only = ["--no-deps", "--only-binary=:all:", "--python-version=3.11"]
            wheels = self._work / f"{site.name}-wheels"
            _run(sys.executable, "-m", "pip", "download", "-q", *only, *platforms, "-d", str(wheels), *wanted)
            for wheel in wheels.glob("*.whl"):
                zipfile.ZipFile(wheel).extractall(site)
        return site

    def run(self, cpu: str, *args: str | Path, count: bool = False, packages: tuple[str, ...] = PACKAGES) -> int:
        """Run a Python program; returns the number of instructions executed, 0 without `count`."""
        name, part, features = CPUS[cpu]
        (self._root / "proc").mkdir(exist_ok=True)
        cpuinfo = "".join(_CPUINFO.format(n=n, part=part, features=features) for n in range(4))
        (self._root / "proc/cpuinfo").write_text(cpuinfo)  # the real one makes XNNPACK crash or stay off
        guest = {
            "PYTHONPATH": self._packages(*packages),
            "PYTHONHOME": self._root / "usr",
            "LD_LIBRARY_PATH": "/usr/lib/aarch64-linux-gnu:/lib/aarch64-linux-gnu",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [self._qemu / "usr/bin/qemu-aarch64", "-cpu", name, "-L", self._root]
        command += ["-plugin", self._work / "count.so"] if count else []
        command += [part for key, value in guest.items() for part in ("-E", f"{key}={value}")]
        command += [self._root / "usr/bin/python3.11", *args]
        environment = os.environ | {"LD_LIBRARY_PATH": str(self._qemu / "usr/lib/x86_64-linux-gnu")}
        ran = subprocess.run(
            [str(part) for part in command], env=environment, capture_output=True, text=True, timeout=3600, check=False
        )
        if ran.returncode:
            raise SystemExit(f"emulate: {args[0]} failed on {cpu}:\n{ran.stderr[-2000:]}")
        counted = re.search(r"executed (\d+)", ran.stderr)
        return int(counted[1]) if counted else 0


def _run(*command: str, cwd: Path | None = None) -> None:
    try:
        subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"emulate: {command[0]}: {error}; apt-get install mmdebstrap qemu-user-static gcc") from error


def same(emulator: Emulator, work: Path, clips: list[str], frames: int) -> int:
    """Compare the networks' answers and where hands and bodies are followed to; returns 1 if any differs too much."""
    pictures = _drawn(5)[0][:10]
    hands, bodies = np.full((len(pictures), 4), np.nan), np.full((len(pictures), 4), np.nan)
    landmarker = Landmarker(Config().landmarks, ROOT / "models")
    for index, image in enumerate(pictures):
        landmarker.reset()
        landmarker.step(Frame(image, 0.0, index))
        body, tracks = landmarker._people.places[0].body.region, landmarker._hands[0]._tracks
        for row, region in ((hands, tracks[0].region if tracks else None), (bodies, body)):
            if region is not None:
                row[index] = region.x, region.y, region.size, region.angle
    np.savez(work / "pictures.npz", frames=pictures, hands=hands, bodies=bodies)
    alike = [_compare(emulator, work, "single pictures", "look.py")]
    for clip in [None, *clips]:
        images, fps = _drawn(15) if clip is None else _read(clip)
        images = images[:frames]
        np.savez(work / "pictures.npz", frames=np.array(images))
        name = Path(clip).name if clip else "the drawn signer"
        alike.append(_compare(emulator, work, f"stream of {name}", "follow.py", str(len(images)), str(fps)))
    print(f"the same within {TOLERANCE}" if all(alike) else "different")
    return int(not all(alike))


def _compare(emulator: Emulator, work: Path, what: str, program: str, *args: str) -> bool:
    """Run a program on `work`/pictures.npz here and on each emulated CPU; returns whether all results agree."""
    pictures, here = work / "pictures.npz", work / "x86.npz"
    _run(sys.executable, str(HERE / program), str(pictures), *args, str(here))
    expected, every = np.load(here), True
    for cpu, (name, *_) in CPUS.items():
        there = work / f"{name}.npz"
        emulator.run(cpu, HERE / program, pictures, *args, there)
        got = np.load(there)
        for part in expected.files:
            a, b = expected[part], got[part]
            alike = bool((np.isfinite(a) == np.isfinite(b)).all())
            worst = float(np.nanmax(np.abs(a - b))) if np.isfinite(a).any() else 0.0
            every &= alike and worst <= TOLERANCE
            shown = int(np.isfinite(a).reshape(len(a), -1).any(axis=1).sum())
            print(
                f"{what}, {cpu}: {part}: in {shown} of {len(a)} pictures, in the same ones {alike}, "
                f"greatest difference {worst:.1e}",
                flush=True,
            )
    return every


def _drawn(fps: float) -> tuple[list[Image], float]:
    return [frame.image for frame, truth in DemoSigner("HI", fps=fps) if truth.in_picture], fps


def _read(clip: str) -> tuple[list[Image], float]:
    """All pictures of a video, and its frame rate."""
    capture = cv2.VideoCapture(clip)
    fps = capture.get(cv2.CAP_PROP_FPS) or 30.0
    images = []
    while (read := capture.read())[0]:
        images.append(read[1])
    if not images:
        raise SystemExit(f"emulate: {clip}: no video that can be read")
    return images, fps


def count(emulator: Emulator, work: Path, clip: str | None, frames: int, peer: bool) -> None:
    """Instructions a frame: a run over the middle frames of a clip minus one over the first few of them."""
    first = 4
    images, fps = _drawn(30) if clip is None else _read(clip)
    skipped = max(0, len(images) - frames - first) // 2
    images = images[skipped : skipped + frames + first]
    pictures = work / "counted.npz"
    np.savez(pictures, frames=np.array(images))

    def each(cpu: str, program: str, *args: str, packages: tuple[str, ...] = PACKAGES) -> float:
        few, many = (
            emulator.run(cpu, HERE / program, pictures, str(number), *args, count=True, packages=packages)
            for number in (first, len(images))
        )
        return (many - few) / (len(images) - first) / 1e6

    for cpu in CPUS:
        ours = each(cpu, "follow.py", str(fps))
        line = f"{Path(clip).name if clip else 'drawn signer'}, {cpu}: {ours:.0f} million instructions a frame"
        if peer:
            theirs = each(cpu, "holistic.py", packages=PEER_PACKAGES)
            line += f", MediaPipe Holistic {theirs:.0f}, ratio {ours / theirs:.3f}"
        print(line, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=("same", "count"))
    parser.add_argument(
        "clips", nargs="*", metavar="CLIP", help="videos; `count` without any counts with the drawn signer"
    )
    parser.add_argument(
        "--frames",
        type=int,
        default=20,
        help="frames to count over, from the middle of each; to follow, from the first",
    )
    parser.add_argument("--peer", action="store_true", help="count MediaPipe Holistic on the same frames too")
    parser.add_argument("--work", type=Path, default=Path("/tmp/asl-edge-arm64"), help="folder for the emulated Debian")
    args = parser.parse_intermixed_args()  # otherwise no clip may follow an option
    emulator = Emulator(args.work)
    if args.task == "same":
        return same(emulator, args.work, args.clips, args.frames)
    for clip in args.clips or [None]:
        count(emulator, args.work, clip, args.frames, args.peer)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
