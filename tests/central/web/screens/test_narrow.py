"""Where a list has no head (a telephone hides it), no number and no field stands there without its name."""

import re
from pathlib import Path

import central

CELL = re.compile(r"<td.*?</td>", re.DOTALL)
NAMELESS = re.compile(r'class="number"|<input name=')


def test_what_means_nothing_without_its_head_brings_its_name_along() -> None:
    bare = [
        f"{path.name}: {cell[:80]}"
        for path in sorted(Path(central.__file__).parent.rglob("templates/**/*.html"))
        if 'class="list' in (text := path.read_text())
        for cell in CELL.findall(text)
        if NAMELESS.search(cell) and "data-label=" not in cell
    ]
    assert bare == []
