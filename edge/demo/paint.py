"""From round cones to a shaded picture: light, contact shadows, creases and nails."""

from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.demo.raster import FAR, Cones, Surface, render
from edge.types import Floats, Image

Colour = tuple[float, float, float]
"""Blue, green, red, 0 to 255."""

WRAP = np.array([0.12, 0.18, 0.34], np.float32)
"""How far light reaches round an edge, by channel: red furthest, as in skin."""

BALL = 96
"""Samples across a lit ball."""

TONES = 8
"""Steps from a material's back to its front."""


@dataclass(frozen=True)
class Light:
    """A lamp and the room's own light."""

    direction: tuple[float, float, float] = (-0.45, -0.65, -0.65)
    """Direction to the lamp, in picture axes."""
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    lamp: float = 0.66
    room: float = 0.40


@dataclass(frozen=True, slots=True)
class Material:
    """A surface: its colour on the back and the front (the palm of a hand), and its shine."""

    back: Colour
    front: Colour
    gloss: float = 0.0
    matt: float = 0.0
    """How much further light reaches round it: cloth has no sharp shadow edge."""


@dataclass(frozen=True, slots=True)
class Part:
    """One round cone of a material, in pixels."""

    start: Floats
    end: Floats
    radii: tuple[float, float]
    material: int
    back: tuple[float, float, float] | Floats = (0.0, 0.0, 0.0)
    """Direction that its back faces; zero if it has none."""
    melted: bool = False
    """Flesh, which shows no seam towards other melted parts."""
    joints: tuple[bool, bool] = (False, False)
    """Whether the skin creases at its start and end."""
    nail: bool = False
    cut: bool = False
    """Whether its end is cut flat."""


@dataclass
class Parts:
    """Parts as arrays, one row each."""

    parts: list[Part] = field(default_factory=list)

    def add(self, part: Part) -> None:
        self.parts.append(part)

    def cones(self) -> Cones:
        start = np.array([part.start for part in self.parts], np.float32)
        end = np.array([part.end for part in self.parts], np.float32)
        radii = np.array([part.radii for part in self.parts], np.float32)
        cut = np.array([part.cut for part in self.parts])
        return Cones(start, end - start, radii[:, 0], radii[:, 1] - radii[:, 0], cut)

    @property
    def backs(self) -> Floats:
        return np.array([part.back for part in self.parts], np.float32)


def draw(image: Image, parts: Parts, materials: tuple[Material, ...], light: Light) -> None:
    """Paint parts into the picture."""
    height, width = image.shape[:2]
    cones = parts.cones()
    bounds = cones.bounds()
    left, top = np.clip(np.floor(bounds[:, :2].min(axis=0)) - 2, 0, [width, height]).astype(int).tolist()
    right, bottom = np.clip(np.ceil(bounds[:, 2:].max(axis=0)) + 2, 0, [width, height]).astype(int).tolist()
    if left >= right or top >= bottom:
        return
    cones = cones.moved(np.array([left, top, 0], np.float32))
    surface = render(cones, bottom - top, right - left)
    if not len(surface.pixels):
        return
    colours = np.clip(shade(surface, cones, parts, materials, light), 0, 255)
    # an edge pixel lets the background through as far as its neighbours are background
    cover = cv2.blur((surface.depth < FAR).astype(np.float32), (3, 3)).ravel()[surface.pixels, None]
    window = image[top:bottom, left:right]
    under = window.reshape(-1, 3)  # a copy: rows of the window are not contiguous
    under[surface.pixels] = (under[surface.pixels] * (1 - cover) + colours * cover).astype(np.uint8)
    window[:] = under.reshape(window.shape)


def shade(surface: Surface, cones: Cones, parts: Parts, materials: tuple[Material, ...], light: Light) -> Floats:
    """(M, 3) colours."""
    unit = float(np.median(cones.radius))
    normals = _melt(surface, np.array([part.melted for part in parts.parts]), unit)
    material = np.array([part.material for part in parts.parts], np.int32)[surface.part]
    facing = np.einsum("mk,mk->m", normals, parts.backs[surface.part])
    front = np.clip(0.5 - 1.2 * facing, 0.0, 1.0)
    tone = (front * (TONES - 1) + 0.5).astype(np.int32)
    across, down = ((normals[:, :2] * 0.5 + 0.5) * (BALL - 1) + 0.5).astype(np.int32).clip(0, BALL - 1).T
    balls = lit_balls(materials, light)
    colour: Floats = np.take(balls, ((material * TONES + tone) * BALL + down) * BALL + across, axis=0)
    colour *= (_contact(surface, unit) * _creases(surface, cones, parts, front))[:, None]
    _paint_nails(colour, surface, cones, parts, facing)
    return colour


@lru_cache(maxsize=8)
def lit_balls(materials: tuple[Material, ...], light: Light) -> Floats:
    """(materials * TONES * BALL * BALL, 3): a lit ball of each material and tone, to look up colours by normal."""
    y, x = np.mgrid[-1 : 1 : BALL * 1j, -1 : 1 : BALL * 1j]
    normals = np.stack([x, y, -np.sqrt(np.clip(1 - x * x - y * y, 0, 1))], axis=-1)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    lamp = np.array(light.direction) / np.linalg.norm(light.direction)
    towards = (normals @ lamp)[..., None]
    sky = 0.85 - 0.15 * normals[..., 1:2]
    away = 1 - np.sqrt(np.clip(-normals[..., 2:], 0.0, 1.0))
    half = lamp - (0, 0, 1)
    shine = np.clip(normals @ (half / np.linalg.norm(half)), 0.0, 1.0)[..., None] ** 24
    tones = np.linspace(0, 1, TONES)[:, None, None, None]
    balls = []
    for material in materials:
        wrap = WRAP + material.matt
        diffuse = np.clip((towards + wrap) / (1 + wrap), 0.0, 1.0)
        tone = np.array(material.back) + (np.array(material.front) - np.array(material.back)) * tones
        edge = 1 - 0.38 * (1 - material.matt) * away  # surfaces that turn away are in shade
        balls.append(tone * (light.lamp * diffuse + light.room * sky) * edge * light.tint + shine * material.gloss)
    table: Floats = np.concatenate(balls).reshape(-1, 3).astype(np.float32)
    return table


def _melt(surface: Surface, melted: NDArray[np.bool_], unit: float) -> Floats:
    """Normals with the seams between melted parts smoothed away."""
    soft = melted[surface.part]
    if not soft.any():
        return surface.normals
    width = surface.depth.shape[1]
    where = surface.pixels[soft]
    top, bottom = where[0] // width, where[-1] // width + 1
    where = where - top * width
    grid = np.zeros(((bottom - top) * width, 3), np.float32)
    grid[where] = surface.normals[soft]
    size = 2 * int(unit * 0.7) + 1
    smooth = cv2.blur(cv2.blur(grid.reshape(-1, width, 3), (size, size)), (size, size)).reshape(-1, 3)[where]
    smooth /= np.sqrt(np.einsum("mk,mk->m", smooth, smooth) + 1e-6)[:, None]
    normals = surface.normals.copy()
    normals[soft] = smooth
    return normals


def _contact(surface: Surface, unit: float) -> Floats:
    """(M,): light left beside something nearer: 1 in the open, darker in creases and behind edges."""
    here = surface.points[:, 2]
    depth = np.minimum(surface.depth, float(here.max()))
    light = np.ones(len(here), np.float32)
    for reach, strength in ((0.22, 0.5), (0.9, 0.55)):
        size = 2 * max(1, int(unit * reach)) + 1
        around = cv2.blur(depth, (size, size)).ravel()[surface.pixels]
        behind = np.clip((here - around) * (1 / (unit * (0.35 + reach))), 0.0, 1.0)
        light *= 1 - strength * behind
    return light


def _creases(surface: Surface, cones: Cones, parts: Parts, front: Floats) -> Floats:
    """(M,): 1, darker in the skin folds on the inside of finger joints."""
    lengths = np.linalg.norm(cones.step, axis=1)
    joints = np.array([part.joints for part in parts.parts])[surface.part]
    run, far = surface.along * lengths[surface.part], np.float32(1e6)
    # a bone's round ends are inside the joint or outside the bend: no fold there
    to_start = np.where(joints[:, 0] & (surface.along > 0), run, far)
    to_end = np.where(joints[:, 1] & (surface.along < 1), lengths[surface.part] - run, far)
    gap = np.minimum(to_start, to_end) / (0.16 * np.median(cones.radius))
    shadow: Floats = 1 - 0.22 * front * np.exp(-gap * gap)
    return shadow


def _paint_nails(colour: Floats, surface: Surface, cones: Cones, parts: Parts, facing: Floats) -> None:
    nailed = np.array([part.nail for part in parts.parts])
    where = np.flatnonzero(nailed[surface.part] & (facing > 0.3))
    which = surface.part[where]
    radius = (cones.radius + cones.growth)[which]
    along = cones.step / np.linalg.norm(cones.step, axis=1, keepdims=True)
    aside = np.cross(along, parts.backs)
    out = (surface.points[where] - (cones.start + cones.step)[which]) / radius[:, None]
    reach = np.einsum("mk,mk->m", out, along[which]) + 0.35
    offside = np.einsum("mk,mk->m", out, aside[which])
    edge = np.clip((1 - reach * reach / 1.1 - offside * offside / 0.5) * 6, 0.0, 1.0)[:, None]
    nail = colour[where] * 1.06 + np.array([16, 12, 14], np.float32)
    colour[where] += (nail - colour[where]) * edge - colour[where] * (0.25 * edge * (1 - edge))
