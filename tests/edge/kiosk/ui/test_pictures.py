"""Every screen is drawn, in two languages, with large type and in contrast. With PARTERRE_PICTURES set to a folder the
pictures are kept there; `docs/pictures/kiosk-*.png` were made so."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from edge.kiosk.model import PrintState, Screen
from edge.kiosk.troubles import Code, Notice, trouble

VARIANTS = {
    "fr": ("fr", {}),
    "en": ("en", {}),
    "large": ("fr", {"large": True}),
    "contrast": ("de", {"contrast": True, "large": True}),
}
SIZES = {"": (1280, 800), "-hd": (1920, 1080), "-portrait": (800, 1280)}


@pytest.mark.parametrize("size", SIZES)
async def test_every_screen_is_drawn(stage: Any, sample: Any, tmp_path: Path, size: str) -> None:
    folder = Path(os.environ.get("PARTERRE_PICTURES", "") or tmp_path)
    await stage.resize(*SIZES[size])
    for variant, (language, more) in VARIANTS.items():
        if size and variant != "fr":
            continue
        for screen in Screen:
            kiosk = sample.kiosk(screen, language, **more)
            await stage.show(kiosk)
            path = folder / f"kiosk-{screen}-{variant}{size}.png"
            stage.window.screenshot(path)
            with Image.open(path) as picture:
                assert picture.size == SIZES[size]
                assert len(picture.getcolors(1 << 20) or range(1000)) > 8, screen
    if not size:
        await stage.show(sample.kiosk(Screen.SEATS, warned=True, deadline=sample.now + timedelta(seconds=12)))
        stage.window.screenshot(folder / "kiosk-warned-fr.png")
        await stage.show(
            sample.kiosk(Screen.SEATS, cart=replace(sample.cart(), category_id=sample.row_f[0].category_id))
        )
        for step in range(3):
            await stage.tap("zoom:in")
            stage.window.screenshot(folder / f"kiosk-zoom{step}-fr.png")
        await stage.show(sample.kiosk(Screen.SEATS, cart=replace(sample.cart(), places=()), notice=Notice.SEAT_TAKEN))
        stage.window.screenshot(folder / "kiosk-notice-fr.png")
        await stage.show(sample.kiosk(Screen.PRINTING, print_state=PrintState.UNCERTAIN))
        stage.window.screenshot(folder / "kiosk-asked-fr.png")
        await stage.show(
            sample.kiosk(Screen.PROBLEM, sale=None, trouble=trouble(Code.PAYMENT_UNKNOWN, reference="01ABC"))
        )
        stage.window.screenshot(folder / "kiosk-unknown-fr.png")
        await stage.show(sample.kiosk(Screen.TARIFFS, cart=sample.cart(8)))
        stage.window.screenshot(folder / "kiosk-tariffs8-fr.png")
        await stage.show(sample.kiosk(Screen.SUMMARY, cart=sample.cart(8)))
        stage.window.screenshot(folder / "kiosk-summary8-fr.png")
