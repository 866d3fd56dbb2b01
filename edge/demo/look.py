"""How a demo picture looks: skin tones, lights, backgrounds, each under a name."""

from dataclasses import dataclass
from typing import TypeVar

from edge.demo.paint import Colour, Light, Material
from edge.errors import InputError

SKIN, TIP, SLEEVE, HAIR = range(4)
"""Index of each material in `Look.materials`."""

T = TypeVar("T")

# back of the hand, palm: the palm is lighter and rosier, more so the darker the skin
SKINS: dict[str, tuple[Colour, Colour]] = {
    "light": ((168, 190, 232), (178, 196, 240)),
    "tan": ((124, 156, 212), (146, 172, 228)),
    "brown": ((74, 106, 164), (112, 144, 200)),
    "dark": ((46, 64, 104), (98, 124, 172)),
}

LIGHTS: dict[str, Light] = {
    "day": Light(),
    "warm": Light(direction=(0.5, -0.5, -0.7), tint=(0.82, 0.95, 1.06)),
    "side": Light(direction=(-0.9, -0.2, -0.4), lamp=0.8, room=0.3),
    "dim": Light(tint=(0.5, 0.5, 0.5)),
}

# wall at the top, wall at the bottom
BACKGROUNDS: dict[str, tuple[Colour, Colour]] = {
    "wall": ((206, 204, 196), (172, 170, 164)),
    "dark": ((62, 56, 52), (40, 36, 34)),
    "green": ((150, 186, 168), (112, 150, 132)),
    "blinds": ((214, 212, 206), (168, 170, 172)),
}

CLOTH: Colour = (116, 92, 52)
HAIR_COLOUR: Colour = (44, 50, 62)


@dataclass(frozen=True)
class Look:
    """Everything that colours a picture."""

    materials: tuple[Material, ...]
    light: Light
    background: str
    wall: tuple[Colour, Colour]

    @classmethod
    def named(cls, skin: str, light: str, background: str) -> "Look":
        back, palm = _pick("skin", SKINS, skin)
        materials = (
            Material(back, palm, gloss=16),
            Material(_rosier(back), _rosier(palm), gloss=22),
            Material(CLOTH, CLOTH, matt=0.6),
            Material(HAIR_COLOUR, HAIR_COLOUR, gloss=14),
        )
        wall = _pick("background", BACKGROUNDS, background)
        return cls(materials, _pick("light", LIGHTS, light), background, wall)


def _rosier(colour: Colour) -> Colour:
    blue, green, red = colour
    return blue * 0.97, green * 0.95, min(red * 1.02, 255.0)


def _pick(what: str, known: dict[str, T], name: str) -> T:
    if name not in known:
        raise InputError(f"demo: unknown {what} {name!r}: one of {', '.join(known)}")
    return known[name]
