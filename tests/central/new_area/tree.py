"""A copy of the tree with the template beside the areas: what a new area touches, and nothing else."""

import shutil
from pathlib import Path

from shared.languages import LANGUAGES
from tests.central.new_area.texts import WORDS

ROOT = Path(__file__).parents[3]
TEMPLATE = Path(__file__).parent


def with_area(files: list[str], tree: Path) -> None:
    """Copies these, and puts the area in: its folder, its lines in areas.py, its texts, its module of shared/wire, its
    tests."""
    for name in files:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).exists():
            shutil.copy2(ROOT / name, tree / name)
    for folder in {(ROOT / name).parent for name in files}:
        if (kept := folder / "__pycache__").exists():  # Python looks by time and size whether it is of the same text
            shutil.copytree(kept, tree / kept.relative_to(ROOT))
    shutil.copytree(TEMPLATE / "cloakroom", tree / "central" / "cloakroom")
    shutil.copy(TEMPLATE / "wire.py", tree / "shared" / "wire" / "coats.py")
    tests = tree / "tests" / "central" / "cloakroom"
    tests.mkdir(parents=True)
    shutil.copy(TEMPLATE / "story.py", tests / "test_cloakroom.py")
    shutil.copy(TEMPLATE / "lives.py", tests)
    areas = tree / "central" / "areas.py"
    areas.write_text(areas.read_text().replace("    catalogue,\n", "    catalogue,\n    cloakroom,\n", 1))
    placed(tree, "access")
    for n, language in enumerate(LANGUAGES):
        said = [(msgid, words[n]) for msgid, words in WORDS.items() if words[n]]
        po = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n' + "".join(
            f'\nmsgid "{msgid}"\nmsgstr "{word}"\n' for msgid, word in said
        )
        (tree / "texts" / language).mkdir(parents=True, exist_ok=True)
        (tree / "texts" / language / "cloakroom.po").write_text(po)


def placed(tree: Path, after: str) -> None:
    """The template stands right behind that area in the order, and no longer where it stood."""
    areas = tree / "central" / "areas.py"
    text = areas.read_text().replace("    cloakroom.AREA,\n", "")
    areas.write_text(text.replace(f"    {after}.AREA,\n", f"    {after}.AREA,\n    cloakroom.AREA,\n"))
