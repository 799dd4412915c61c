"""Devices: a box office sells without any, a kiosk and a gate are invited one by one."""

from central.devices.model import DevicesPrivilege, DeviceState
from central.kernel.checklist import HOUSE, ItemStanding, needed, t
from central.kernel.contexts import ContextKind
from central.kernel.tx import Read


@needed(t("Appareils"), at=ContextKind.INSTITUTION, order=920, optional=True, needs=DevicesPrivilege.DEVICE_READ)
def devices(read: Read, institution: str) -> ItemStanding:
    # house: a figure for whoever may see the whole house; nothing is refused by it
    ((count,),) = read.run(f"SELECT COUNT(*) FROM device WHERE state = '{DeviceState.ACTIVE}'")  # noqa: S608 - words of ours
    link = f"{HOUSE}/device?at={institution}" if count else f"{HOUSE}/device/new?at={institution}"
    return ItemStanding(count > 0, t("Invitez une borne, un contrôle ou une imprimante."), link, int(count))
