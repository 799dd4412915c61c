"""The commands of this area in one place; each stands with its rules in a module of its own (docs/spec/venues.md)."""

from central.kernel.crud import command_of
from central.kernel.privileges import Action
from central.venues.logical_configurations import (
    CreateLogicalConfiguration,
    DeleteLogicalConfiguration,
    DropCategory,
    PickCategory,
    ValidateLogical,
)
from central.venues.model import Entrance, SeatCategory, ShopPicture, Site, Space
from central.venues.physical_configurations import (
    AddUnnumberedZone,
    ChangeUnnumberedZone,
    CreatePhysicalConfiguration,
    DeletePhysicalConfiguration,
    RemoveUnnumberedZone,
    ServeZone,
    ValidatePhysical,
)
from central.venues.plan_actions import (
    AssignLogicalCategory,
    DescribeSeats,
    InvalidateSeats,
    OrderLogicalSeats,
    RevalidateSeats,
)
from central.venues.plan_import import ImportPlan, ReimportPlan, seat_id
from central.venues.plan_rows import plan_of

CreateSite = command_of(Action.CREATE, Site)
CreateSpace = command_of(Action.CREATE, Space)
CreateEntrance = command_of(Action.CREATE, Entrance)
CreateSeatCategory = command_of(Action.CREATE, SeatCategory)
CreateShopPicture = command_of(Action.CREATE, ShopPicture)

__all__ = [
    "AddUnnumberedZone",
    "AssignLogicalCategory",
    "ChangeUnnumberedZone",
    "CreateEntrance",
    "CreateLogicalConfiguration",
    "CreatePhysicalConfiguration",
    "CreateSeatCategory",
    "CreateShopPicture",
    "CreateSite",
    "CreateSpace",
    "DeleteLogicalConfiguration",
    "DeletePhysicalConfiguration",
    "DescribeSeats",
    "DropCategory",
    "ImportPlan",
    "InvalidateSeats",
    "OrderLogicalSeats",
    "PickCategory",
    "ReimportPlan",
    "RemoveUnnumberedZone",
    "RevalidateSeats",
    "ServeZone",
    "ValidateLogical",
    "ValidatePhysical",
    "plan_of",
    "seat_id",
]
