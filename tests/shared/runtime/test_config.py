"""A configuration is refused whole, and every fault says where it stands."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from shared.runtime.config import ConfigError, load_config


@dataclass(frozen=True, slots=True)
class Terminal:
    port: int
    host: str = "127.0.0.1"
    timeout_s: float = 1.5


@dataclass(frozen=True, slots=True)
class Lane:
    name: str
    reader: str = ""


@dataclass(frozen=True, slots=True)
class Kiosk:
    central: str
    terminal: Terminal
    lanes: tuple[Lane, ...] = ()
    named: dict[str, Lane] = field(default_factory=dict)
    spare: Terminal | None = None
    data: Path = Path("data")
    loud: bool = False


@pytest.fixture
def write(tmp_path: Path):
    def to(text: str) -> Path:
        path = tmp_path / "kiosk.toml"
        path.write_text(text)
        return path

    return to


GOOD = """
central = "http://localhost:1"
[terminal]
port = 8888
[[lanes]]
name = "left"
"""


def test_strongest_last(write) -> None:
    env = {
        "PARTERRE_KIOSK__TERMINAL__PORT": "9999",
        "PARTERRE_KIOSK__TERMINAL__HOST": "printer",
        "PARTERRE_KIOSK__LOUD": "true",
        "PARTERRE_KIOSK__LANES": '[{"name": "right"}]',
        "PARTERRE_GATE__TERMINAL__PORT": "1",
        "PARTERRE_KIOSK_CONFIG": "unrelated",
    }
    config = load_config(Kiosk, write(GOOD), env, "PARTERRE_KIOSK", {"terminal.host": "here", "central": None})
    assert config == Kiosk("http://localhost:1", Terminal(9999, "here"), (Lane("right"),), loud=True)


def test_environment_alone() -> None:
    env = {"K__CENTRAL": "x", "K__TERMINAL__PORT": "1"}
    assert load_config(Kiosk, None, env, "K") == Kiosk("x", Terminal(1))


@pytest.mark.parametrize(
    ("text", "env", "faults"),
    [
        ("centrall = 1" + GOOD, {}, ["kiosk.toml: centrall: unknown key; did you mean 'central'?"]),
        (GOOD + "\nraeder = 'x'", {}, ["kiosk.toml: lanes.0.raeder: unknown key; did you mean 'reader'?"]),
        (GOOD, {"K__TERMINAL__PROT": "1"}, ["K__TERMINAL__PROT: terminal.prot: unknown key; did you mean 'port'?"]),
        (GOOD + "[spare]\nport = 1\nhots = 'x'", {}, ["kiosk.toml: spare.hots: unknown key; did you mean 'host'?"]),
        (GOOD + "[named.a]\nname = 'a'\nqqq = 1", {}, ["kiosk.toml: named.a.qqq: unknown key; known are name, reader"]),
        (GOOD, {"K__TERMINAL__PORT": "many"}, ["K__TERMINAL__PORT: terminal.port: Input should be a valid integer"]),
        (GOOD, {"K__LANES": "[1"}, ["K__LANES: starts like JSON but is not JSON", "K__LANES: lanes: "]),
        ("", {}, ["central: is missing; set it in ", "terminal: is missing; set it in "]),
        ("central = 'x'\n[terminal]", {}, ["terminal.port: is missing; set it in ", ""]),
        ("central = ", {}, ["kiosk.toml: is not TOML ("]),
        (
            "central = 1\nlouds = true\n[terminal]\nport = 'x'\nhots = ''",
            {},
            ["louds: unknown key", "terminal.hots: unknown key", "central: Input should be", "terminal.port: Input"],
        ),
    ],
)
def test_every_fault_is_listed(write, text: str, env: dict[str, str], faults: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(Kiosk, write(text), env, "K")
    listed = caught.value.faults
    assert len(listed) == len([fault for fault in faults if fault])
    for fault in faults:
        assert any(fault in line for line in listed), listed
    assert all(line in str(caught.value) for line in listed)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: cannot be read \(No such file"):
        load_config(Kiosk, tmp_path / "nowhere.toml", {}, "K")


def test_a_bad_value_is_not_repeated(write) -> None:
    """It may be a secret in the wrong place."""
    with pytest.raises(ConfigError) as caught:
        load_config(Kiosk, write(GOOD), {"K__TERMINAL__PORT": "hunter2"}, "K")
    assert "hunter2" not in str(caught.value)
