"""The one visual language: colours, type and spacing for web, kiosk, PDF and receipt, out of one file (`tokens.json`).

A scheme gives a colour to each role; whoever draws names roles, never colours. The accent may be replaced by a house;
`ember` is the accent dark enough to carry white text at 7:1, which the accent itself does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum, auto
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from shared.wire.codec import build, load


class Weight(StrEnum):
    REGULAR = auto()
    SEMIBOLD = auto()
    BOLD = auto()


CSS_WEIGHT: Mapping[Weight, int] = {Weight.REGULAR: 400, Weight.SEMIBOLD: 600, Weight.BOLD: 700}


@dataclass(frozen=True, slots=True)
class Scheme:
    """The colour of every role, as `#rrggbb`. `ground` lies behind everything, `sheet` carries the content, `sunken`
    is a quiet field on a sheet, `action` the one main button, `hall` the dark behind a seat plan. `edge` is that of a
    control, `house` what belongs to the house (the bar, what is chosen), `spot` the follow spot: where one is, now;
    `full`, `part` and `empty` the strokes of an amount."""

    ground: str
    ground_ink: str
    ground_muted: str
    sheet: str
    sunken: str
    ink: str
    muted: str
    line: str
    accent: str
    action: str
    action_ink: str
    hall: str
    hall_ink: str
    hall_muted: str
    ok: str
    warn: str
    stop: str
    edge: str
    house: str
    house_deep: str
    house_ink: str
    house_muted: str
    spot: str
    spot_soft: str
    spot_ink: str
    full: str
    part: str
    empty: str


@dataclass(frozen=True, slots=True)
class TypeScale:
    """Sizes in pixels: `web` at 16 px body, `kiosk` at 1280×800. `large` is the factor of the large-type switch."""

    family: str
    web: dict[str, int]
    kiosk: dict[str, int]
    large: float


@dataclass(frozen=True, slots=True)
class Spacing:
    unit: int
    steps: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KioskSize:
    """The screen the sizes are drawn for, and the smallest side of a touch target (15 mm at 15.6 inches)."""

    width: int
    height: int
    target: int


@dataclass(frozen=True, slots=True)
class HouseLook:
    colours: dict[str, str]
    schemes: dict[str, Scheme]
    categories: tuple[str, ...]  # Okabe and Ito's colour-blind-safe set, in the order of use
    seat_shapes: dict[str, str]
    type: TypeScale
    space: Spacing
    radius: dict[str, int]
    kiosk: KioskSize


@cache
def look() -> HouseLook:
    """The tokens. A role that names no colour is a ValueError."""
    raw = load(dict[str, Any], (files(__name__) / "tokens.json").read_bytes())
    colours = raw["colours"]
    for name, roles in raw["schemes"].items():
        if lost := {colour for colour in roles.values() if colour not in colours}:
            raise ValueError(f"scheme {name}: no such colour: {', '.join(sorted(lost))}")
        raw["schemes"][name] = {role: colours[colour] for role, colour in roles.items()}
    return build(HouseLook, raw)


def rgb(colour: str) -> tuple[float, float, float]:
    """`#rrggbb` as three numbers from 0 to 1."""
    return (int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255)


def solid(colour: str, otherwise: str) -> str:
    """A colour from a plan or a house as `#rrggbb`; `otherwise` for what is not written in hexadecimal."""
    digits = colour.removeprefix("#") if colour.startswith("#") else ""
    if len(digits) in (3, 4):
        digits = "".join(digit * 2 for digit in digits)
    if len(digits) not in (6, 8) or not all(digit in "0123456789abcdefABCDEF" for digit in digits):
        return otherwise
    return f"#{digits[:6].lower()}"


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def font_path(weight: Weight = Weight.REGULAR) -> Path:
    """The TTF of a weight. The package lies on disk as files; nothing is unpacked."""
    with as_file(files(__name__) / "fonts" / f"ParterreSans-{weight.title()}.ttf") as path:
        return path


def web_fonts() -> dict[str, bytes]:
    """The WOFF2 files by name, to be served below `<fonts_url>`: of each weight the Latin letters, which most pages
    need alone, and all the rest, which a browser fetches when a page has one of them."""
    names = [f"ParterreSans-{weight.title()}{part}.woff2" for weight in Weight for part in (".latin", "")]
    return {name: (files(__name__) / "fonts" / name).read_bytes() for name in names}


def css(fonts_url: str = "/static/fonts") -> str:
    """Every token as a CSS variable: the light scheme, the dark one where the reader asks for it, the fonts."""
    tokens = look()
    flat = {
        **{f"category-{number}": colour for number, colour in enumerate(tokens.categories, 1)},
        **{f"type-{name}": f"{size / 16:g}rem" for name, size in tokens.type.web.items()},
        **{f"space-{number}": f"{step}px" for number, step in enumerate(tokens.space.steps, 1)},
        **{f"radius-{name}": f"{size}px" for name, size in tokens.radius.items()},
        "font": f'"{tokens.type.family}", system-ui, sans-serif',
    }
    dark = _scheme_css(tokens.schemes["dark"])
    return "\n".join(
        [
            *(_font_face(weight, fonts_url) for weight in Weight),
            f":root {{ color-scheme: light dark; {_variables(flat)} {_scheme_css(tokens.schemes['light'])} }}",
            f"@media (prefers-color-scheme: dark) {{ :root:not([data-scheme=light]) {{ {dark} }} }}",
            f":root[data-scheme=dark] {{ {dark} }}",
            "",
        ]
    )


_LATIN = (
    "U+0000-00FF,U+0131,U+0152-0153,U+0160-0161,U+0178,U+017D-017E,U+02C6,U+02DA,U+02DC,U+2000-206F,U+2074,U+20AC,"
    "U+2122,U+2190-2193,U+2212,U+2215,U+2713,U+FEFF,U+FFFD"
)  # what the .latin files were cut to (fonts/README.md)
_REST = (
    "U+0100-0130,U+0132-0151,U+0154-015F,U+0162-0177,U+0179-017C,U+017F-02C5,U+02C7-02D9,U+02DB,U+02DD-1FFF,"
    "U+2070-2073,U+2075-20AB,U+20AD-2121,U+2123-218F,U+2194-2211,U+2213-2214,U+2216-2712,U+2714-FEFE"
)


def _font_face(weight: Weight, fonts_url: str) -> str:
    family, name = look().type.family, f"{fonts_url}/ParterreSans-{weight.title()}"
    return "\n".join(
        f'@font-face {{ font-family: "{family}"; font-weight: {CSS_WEIGHT[weight]}; font-display: swap; '
        f'unicode-range: {letters}; src: url("{name}{part}.woff2") format("woff2"); }}'
        for part, letters in (("", _REST), (".latin", _LATIN))
    )


def _scheme_css(scheme: Scheme) -> str:
    return _variables({field.name.replace("_", "-"): getattr(scheme, field.name) for field in fields(scheme)})


def _variables(values: Mapping[str, str]) -> str:
    return " ".join(f"--{name}: {value};" for name, value in values.items())


def _luminance(colour: str) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
