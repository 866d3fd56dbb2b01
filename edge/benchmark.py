"""`python -m edge.benchmark`: what the daemon's own path costs on clips, beside MediaPipe's in the same run.

Each clip runs twice: once as fast as it goes, frame by frame in turn with the peer, for CPU time; once at its own pace
through the camera's mailbox, for the latency a visitor would see and the frames that would be dropped. `--daemon` runs
the whole daemon instead, so that a camera before an empty room can be measured too.
"""

import argparse
import dataclasses
import json
import math
import os
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from edge.benchmark_daemon import measure_daemon
from edge.benchmark_peer import PEERS, Peer
from edge.benchmark_plot import check_plot, save_plot
from edge.benchmark_scaling import measure_scaling
from edge.camera import LOCAL_KINDS, Camera, SourceKind, parse_source, read_frames
from edge.config import Config, add_config_arguments, config_of
from edge.energy import EnergyMeter
from edge.errors import InputError
from edge.landmarks import Landmarker
from edge.metrics import Stopwatch, percentiles_ms
from edge.paths import models_dir
from edge.pipeline import Pipeline
from edge.system import process_stat, rss_mb

_WARM_UP_FRAMES = 3
"""Frames left out of the figures: the first runs allocate memory."""
_KEPT_STEPS = 1_000_000
"""More than any run has: percentiles are over every frame, not just the last ones."""
_LONGEST_SECONDS = 600.0
"""A source that plays for longer at its own pace is cut off."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "sources", nargs="+", metavar="SOURCE", help="video file, image folder or demo[:TEXT]; a camera with --daemon"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_config_arguments(parser)
    parser.add_argument("--peer", choices=sorted(PEERS), help="run MediaPipe on the same frames, in turn")
    parser.add_argument("--peer-python", default=sys.executable, help="interpreter that has mediapipe installed")
    parser.add_argument("--scaling", action="store_true", help="also at 320, 640 and 1280 px, and with more threads")
    parser.add_argument("--plot", type=Path, metavar="F.png", help="draw the figures")
    parser.add_argument(
        "--daemon",
        type=float,
        metavar="SECONDS",
        help="instead, the CPU share and memory of the whole daemon on one source or camera, for so long",
    )


def run(args: argparse.Namespace) -> int:
    config = config_of(args)
    if args.daemon is not None:
        return _whole_daemon(args)
    for source in map(parse_source, args.sources):
        if source.kind not in LOCAL_KINDS:
            raise InputError(f"{source.name}: no clip; a camera is measured with the whole daemon: add --daemon 60")
    if args.plot:
        check_plot(args.plot)
    pipeline, ready_s = _first_frame(config, args.sources[0])
    rss = rss_mb()
    for source in args.sources[1:]:
        next(read_frames(source, config.camera))  # before minutes are spent on the others
    peer = Peer(args.peer, args.peer_python) if args.peer else None
    try:
        result = _as_fast_as_it_goes(config, args.sources, pipeline, peer)
    finally:
        if peer:
            peer.close()
    result |= _at_its_own_pace(config, args.sources, pipeline) | {"rss_mb": max(rss, rss_mb()), "ready_s": ready_s}
    if args.scaling:
        result["scaling"] = measure_scaling(config, args.sources)
    if args.plot:
        save_plot(result, args.plot)
    print(json.dumps(result) if args.json else _table(result))
    return 0


def _whole_daemon(args: argparse.Namespace) -> int:
    if len(args.sources) > 1 or not 0 < args.daemon < math.inf:
        raise InputError("--daemon: takes one source and seconds above 0, as in: asl-edge bench 0 --daemon 60")
    if args.peer or args.scaling or args.plot:
        raise InputError("--daemon: goes without --peer, --scaling and --plot, which are of clips; run those apart")
    result = measure_daemon(args.sources[0], args.config, args.daemon)
    said = f"{result['cpu_percent']} % of a core and {result['rss_mb']} MB over {result['seconds']} s"
    print(json.dumps({"daemon": result}) if args.json else f"the whole daemon took {said}")
    return 0


def _first_frame(config: Config, source: str) -> tuple[Pipeline, float]:
    """A loaded pipeline, and the seconds from the start of this process to its first processed frame."""
    frames = read_frames(source, config.camera)
    frame = next(frames)
    pipeline = Pipeline(config, models_dir(config), Stopwatch(keep=_KEPT_STEPS))
    pipeline.step(frame)
    return pipeline, round(_process_age_seconds(), 2)


def _as_fast_as_it_goes(config: Config, sources: list[str], pipeline: Pipeline, peer: Peer | None) -> dict[str, Any]:
    """CPU and wall time of each stage and of the peer on the same frames, and energy if the board measures it."""
    pipeline.stopwatch.clear()
    totals: list[float] = []
    peer_seconds: list[float] = []
    meter, joules = EnergyMeter(), 0.0
    for source in sources:
        pipeline.reset()
        for index, frame in enumerate(read_frames(source, config.camera)):
            if index == _WARM_UP_FRAMES and not totals:
                pipeline.stopwatch.clear()
            _ = frame.image  # decoded beforehand, as for the peer, and as videos of other codecs are
            energy = meter.joules()
            started = time.process_time()
            pipeline.step(frame)
            spent = time.process_time() - started
            energy_after = meter.joules()
            peer_spent = peer.step(frame.image) if peer else 0.0
            if index >= _WARM_UP_FRAMES:
                totals.append(spent)
                joules += (energy_after or 0.0) - (energy or 0.0)
                peer_seconds.append(peer_spent)
    if not totals:
        few = f"fewer than {_WARM_UP_FRAMES + 1} pictures each"
        raise InputError(f"{', '.join(sources)}: {few}; name a longer recording")
    cpu = pipeline.stopwatch.cpu_ms() | {"total": _mean_ms(totals)}
    result: dict[str, Any] = {
        "frames": len(totals),
        "cpu_ms_per_frame": cpu,
        "latency_ms": pipeline.stopwatch.latency_ms(),
        "landmarks_over_networks": _over_networks(pipeline.stopwatch),
    }
    if joules:
        result["energy_mj_per_frame"] = round(1000 * joules / len(totals), 2)
    if peer:
        result |= _beside(peer, peer_seconds, cpu, totals)
    return result


def _beside(peer: Peer, peer_seconds: list[float], cpu: dict[str, float], totals: list[float]) -> dict[str, Any]:
    """The peer's time, and ours as a share of it: `cpu` in ms by stage, `totals` in seconds by frame."""
    peer_cpu = _mean_ms(peer_seconds)
    return {
        "peer": {"name": peer.name, "version": peer.version, "cpu_ms_per_frame": peer_cpu},
        "ratios": {
            "landmarks_cpu": round(cpu["landmarks"] / peer_cpu, 3),
            "total_cpu": round(cpu["total"] / peer_cpu, 3),
            "total_cpu_median": round(statistics.median(totals) / statistics.median(peer_seconds), 3),
        },
    }


def _at_its_own_pace(config: Config, sources: list[str], pipeline: Pipeline) -> dict[str, Any]:
    """Live run through the one-slot mailbox; capture-to-emit counts the steps that gave a letter or sign."""
    latencies: dict[str, list[float]] = defaultdict(list)
    dropped = 0
    for source in sources:
        pipeline.reset()
        camera = Camera(dataclasses.replace(config.camera, source=source))
        # Live, the drawn signer repeats for ever; one round is measured, as for a clip.
        endless = parse_source(source).kind is SourceKind.DEMO
        end = sum(1 for _ in read_frames(source, config.camera)) if endless else math.inf
        camera.start()
        limit = time.monotonic() + _LONGEST_SECONDS
        while not camera.ended and time.monotonic() < limit:
            frame = camera.latest(timeout=0.5)
            if frame is None:
                continue
            events = pipeline.step(frame)
            late = camera.clock.now() - frame.ts
            latencies["frames"].append(late)
            if any(event.topic in ("letter", "word") for event in events):
                latencies["emit"].append(late)
            if frame.index + 1 >= end:
                break
        dropped += camera.dropped
        camera.stop()
    return {
        "dropped": dropped,
        "emitted": len(latencies["emit"]),
        "capture_to_emit_ms": percentiles_ms(latencies["emit"]),
        "capture_to_done_ms": percentiles_ms(latencies["frames"]),
    }


def _over_networks(stopwatch: Stopwatch) -> float:
    """Time of the landmark stage divided by the time inside its networks."""
    bare = stopwatch.wall_seconds(*Landmarker.NETWORKS)
    return round(stopwatch.wall_seconds("landmarks") / bare, 3) if bare else 0.0


def _mean_ms(seconds: list[float]) -> float:
    return round(1000 * statistics.fmean(seconds), 3) if seconds else 0.0


def _process_age_seconds() -> float:
    ticks = int(process_stat()[19])  # starttime, since boot
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def _table(result: dict[str, Any]) -> str:
    lines = [f"{'stage':16} {'CPU ms':>8} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8}"]
    stages = dict.fromkeys([*result["cpu_ms_per_frame"], *result["latency_ms"]])
    for stage in stages:
        cpu = result["cpu_ms_per_frame"].get(stage)
        late = result["latency_ms"].get(stage, {})
        cells = [cpu, late.get("p50"), late.get("p95"), late.get("p99")]
        lines.append(f"{stage:16} " + " ".join(f"{'' if cell is None else f'{cell:.2f}':>8}" for cell in cells))
    emit = result["capture_to_emit_ms"]
    said = f"p50 {emit['p50']} ms, p95 {emit['p95']} ms, p99 {emit['p99']} ms"
    lines.append(f"capture to emit  {said if result['emitted'] else 'nothing was said'}")
    lines.append(f"{result['frames']} frames, {result['dropped']} dropped at the clip's own pace")
    lines.append(f"landmarks take {result['landmarks_over_networks']} of the bare time of the networks that ran")
    if "energy_mj_per_frame" in result:
        lines.append(f"the board used {result['energy_mj_per_frame']} mJ a frame")
    lines.append(f"ready in {result['ready_s']} s, {result['rss_mb']} MB")
    if "peer" in result:
        peer, ratios = result["peer"], result["ratios"]
        lines.append(f"{peer['name']} {peer['version']}: {peer['cpu_ms_per_frame']} ms a frame")
        lines.append(f"landmarks cost {ratios['landmarks_cpu']} of it, everything {ratios['total_cpu']}")
    for row in result.get("scaling", []):
        variant = f"{row['width_px']:>5} px {row['threads']} threads: {row['cpu_ms_per_frame']:.2f} ms CPU a frame"
        lines.append(f"{variant}, p50 {row['latency_ms']['p50']} ms, p95 {row['latency_ms']['p95']} ms")
    return "\n".join(lines)


if __name__ == "__main__":
    from edge.cli import main  # not above: the command line imports this module

    raise SystemExit(main(["bench", *sys.argv[1:]]))
