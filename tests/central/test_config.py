"""Central's file: its own keys and those of the areas, side by side."""

from dataclasses import fields
from ipaddress import ip_network
from pathlib import Path

import pytest

from central.areas import AREAS
from central.config import CentralConfig
from central.config_file import read_config
from central.devices.settings import DevicesSettings
from central.kernel.settings import Settings
from central.organisation.settings import OrganisationSettings, Tls
from central.reports.pages import ReportsSettings
from shared.runtime.config import ConfigError

FILE = """
data = "/var/lib/house"
hall_every_s = 0.3
live_open = true
webhook_networks = ["10.1.2.3/8"]
[mail]
host = "mail.example"
tls = "none"
[listen]
port = 81
"""


def test_each_area_finds_its_own_keys(tmp_path: Path) -> None:
    file = tmp_path / "central.toml"
    file.write_text(FILE)
    read = read_config(file, {"PARTERRE_CENTRAL__BELL_POLL_S": "7", "PARTERRE_CENTRAL__SIGN_IN__IDLE_S": "60"})
    assert (read.data, read.listen.port) == (Path("/var/lib/house"), 81)
    assert read.areas.of(DevicesSettings) == DevicesSettings(hall_every_s=0.3, bell_poll_s=7.0)
    assert read.areas.of(ReportsSettings).live_open
    mine = read.areas.of(OrganisationSettings)
    assert (mine.mail.host, mine.mail.tls, mine.sign_in.idle_s) == ("mail.example", Tls.NONE, 60.0)
    assert mine.webhook_networks == (ip_network("10.0.0.0/8"),)
    assert Settings().of(DevicesSettings) == DevicesSettings(), "as it comes, where nothing is said"


def test_faults_of_areas_and_of_central_are_told_together(tmp_path: Path) -> None:
    file = tmp_path / "central.toml"
    file.write_text('data = "x"\nhal_every_s = 1\nlog_level = 3\nwebhook_networks = ["10.1"]\n')
    with pytest.raises(ConfigError) as refused:
        read_config(file, {})
    assert len(refused.value.faults) == 3
    assert any("did you mean 'hall_every_s'?" in fault for fault in refused.value.faults)
    assert any("webhook_networks" in fault and "10.1" in fault for fault in refused.value.faults)


def test_no_two_have_one_key() -> None:
    kinds = [area.settings for area in AREAS if area.settings]
    keys = [each.name for kind in (CentralConfig, *kinds) for each in fields(kind)]
    assert len(keys) == len(set(keys))
