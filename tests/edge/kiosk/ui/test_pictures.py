"""Every screen is drawn, in two languages, with large type and in contrast.

PARTERRE_PICTURES names a folder for the pictures of the documents, PARTERRE_PICTURES_ALL one for every picture made:

    PARTERRE_PICTURES=docs/pictures pytest tests/edge/kiosk/ui/test_pictures.py
"""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from edge.kiosk.model import PrintStage, Screen
from edge.kiosk.troubles import Notice, TroubleCode, trouble

VARIANTS = {
    "fr": ("fr", {}),
    "en": ("en", {}),
    "large": ("fr", {"large": True}),
    "contrast": ("de", {"contrast": True, "large": True}),
}
DOCUMENTED = {
    *(f"kiosk-{screen}" for screen in Screen),
    "kiosk-seats-large",
    "kiosk-seats-contrast",
    "kiosk-seats-near",
}
SIZES = {"": (1280, 800), "-hd": (1920, 1080), "-portrait": (800, 1280)}


@pytest.mark.parametrize("size", SIZES)
async def test_every_screen_is_drawn(stage: Any, sample: Any, tmp_path: Path, size: str) -> None:
    def path_of(name: str) -> Path:
        documents = os.environ.get("PARTERRE_PICTURES") if name in DOCUMENTED else None
        return Path(os.environ.get("PARTERRE_PICTURES_ALL") or documents or tmp_path) / f"{name}.png"

    await stage.resize(*SIZES[size])
    for variant, (language, more) in VARIANTS.items():
        if size and variant != "fr":
            continue
        for screen in Screen:
            kiosk = sample.kiosk(screen, language, **more)
            await stage.show(kiosk)
            path = path_of(f"kiosk-{screen}{'' if variant == 'fr' else '-' + variant}{size}")
            stage.window.screenshot(path)
            with Image.open(path) as picture:
                assert picture.size == SIZES[size]
                assert len(picture.getcolors(1 << 20) or range(1000)) > 8, screen
    if not size:
        await stage.show(sample.kiosk(Screen.SEATS, warned=True, deadline=sample.now + timedelta(seconds=12)))
        stage.window.screenshot(path_of("kiosk-warned"))
        await stage.show(
            sample.kiosk(Screen.SEATS, cart=replace(sample.cart(), category_id=sample.row_f[0].category_id))
        )
        for step in range(3):
            await stage.tap("zoom:in")
            stage.window.screenshot(path_of(["kiosk-seats-nearer", "kiosk-seats-near", "kiosk-seats-nearest"][step]))
        await stage.show(sample.kiosk(Screen.SEATS, cart=replace(sample.cart(), places=()), notice=Notice.SEAT_TAKEN))
        stage.window.screenshot(path_of("kiosk-notice"))
        await stage.show(sample.kiosk(Screen.PRINTING, print_state=PrintStage.UNCERTAIN))
        stage.window.screenshot(path_of("kiosk-asked"))
        await stage.show(
            sample.kiosk(Screen.PROBLEM, sale=None, trouble=trouble(TroubleCode.PAYMENT_UNKNOWN, reference="01ABC"))
        )
        stage.window.screenshot(path_of("kiosk-unknown"))
        await stage.show(sample.kiosk(Screen.TARIFFS, cart=sample.cart(8)))
        stage.window.screenshot(path_of("kiosk-tariffs8"))
        await stage.show(sample.kiosk(Screen.SUMMARY, cart=sample.cart(8)))
        stage.window.screenshot(path_of("kiosk-summary8"))
