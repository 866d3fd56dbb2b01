"""Draws round cones into a depth buffer: the hull of two spheres, seen straight on, in closed form.

A hand is about thirty of these. Each touches only its own bounding box, so a hand costs a few milliseconds of numpy.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.types import Floats

FAR = 1e9


@dataclass(frozen=True, slots=True)
class Cones:
    """N round cones in pixels; x right, y down, z away from the camera."""

    start: Floats
    """(N, 3)"""
    step: Floats
    """(N, 3): end minus start."""
    radius: Floats
    """(N,): at the start."""
    growth: Floats
    """(N,): radius at the end minus radius at the start."""
    cut: NDArray[np.bool_]
    """(N,): whether the end is cut flat, like a sleeve, not round."""

    def moved(self, origin: Floats) -> "Cones":
        """The same cones with `origin` (3,) at zero."""
        return Cones(self.start - origin, self.step, self.radius, self.growth, self.cut)

    def bounds(self) -> Floats:
        """(N, 4): left, top, right, bottom."""
        reach = np.maximum(self.radius, self.radius + self.growth)[:, None]
        here, there = self.start[:, :2], self.start[:, :2] + self.step[:, :2]
        low, high = np.minimum(here, there) - reach, np.maximum(here, there) + reach
        return np.hstack([low, high])

    def depth(self, index: int, rows: slice, columns: slice) -> tuple[Floats, Floats]:
        """Depth of one cone's front at each pixel (FAR outside it), and the position along it, 0 to 1.

        A cone is the spheres of radius r(t) around c(t). The front of sphere t at pixel p is c_z(t) - sqrt(Q(t)),
        Q = r(t)^2 - |p - c_xy(t)|^2, a parabola A t^2 + 2 B t + C. The nearest front has a closed form in t.
        """
        ax, ay, az = self.start[index].tolist()
        dx, dy, dz = self.step[index].tolist()
        radius, growth = float(self.radius[index]), float(self.growth[index])
        x = np.arange(columns.start, columns.stop, dtype=np.float32)[None] - ax
        y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - ay
        curve = min(growth * growth - dx * dx - dy * dy, -1e-3)
        slope = (x * dx + radius * growth) + y * dy
        offset = (radius * radius - x * x) - y * y
        along = slope * (-1.0 / curve)
        inside = np.maximum(slope * slope - curve * offset, 0.0)
        along += np.sqrt(inside) * (dz / (curve * (dz * dz - curve) ** 0.5))
        beyond = along > 1.0 if self.cut[index] else None
        np.clip(along, 0.0, 1.0, out=along)
        height = (along * curve + 2.0 * slope) * along + offset
        depth = along * dz + az - np.sqrt(np.maximum(height, 0.0))
        depth[height <= 0.0] = FAR
        if beyond is not None:
            depth[beyond] = FAR
        return depth, along


@dataclass(frozen=True, slots=True)
class Surface:
    """What is in front, at each of the M pixels with anything."""

    depth: Floats
    """(H, W), FAR if there is nothing."""
    pixels: NDArray[np.intp]
    """(M,): flat index into the H x W picture."""
    part: NDArray[np.int16]
    """(M,): which cone."""
    along: Floats
    """(M,): position along it, 0 to 1."""
    points: Floats
    """(M, 3)"""
    normals: Floats
    """(M, 3): unit, outwards."""


def render(cones: Cones, height: int, width: int) -> Surface:
    """The nearest cone at every pixel."""
    depth = np.full((height, width), FAR, np.float32)
    part = np.full((height, width), -1, np.int16)
    along = np.zeros((height, width), np.float32)
    limit = np.array([width, height, width, height])
    boxes = np.clip(cones.bounds() + np.array([0, 0, 2, 2]), 0, limit).astype(int)
    for index, (left, top, right, bottom) in enumerate(boxes.tolist()):
        rows, columns = slice(top, bottom), slice(left, right)
        if top >= bottom or left >= right:
            continue
        front, where = cones.depth(index, rows, columns)
        nearer = front < depth[rows, columns]
        np.copyto(depth[rows, columns], front, where=nearer)
        np.copyto(along[rows, columns], where, where=nearer)
        np.copyto(part[rows, columns], index, where=nearer)
    pixels = np.flatnonzero(part >= 0)
    which, share = part.ravel()[pixels], along.ravel()[pixels]
    y, x = np.divmod(pixels, width)
    points = np.stack([x.astype(np.float32), y.astype(np.float32), depth.ravel()[pixels]], axis=1)
    centres = cones.start[which] + cones.step[which] * share[:, None]
    radii = cones.radius[which] + cones.growth[which] * share
    normals = ((points - centres) / radii[:, None]).astype(np.float32, copy=False)
    return Surface(depth, pixels, which, share, points, normals)
