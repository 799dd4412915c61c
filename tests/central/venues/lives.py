"""What a plan lives through, for test_life_cycles.py."""

from central.venues.logical_configurations import CreateLogicalConfiguration, ValidateLogical
from tests.central.small_house import Clerk, House, new_id

WORKED_OUT = {
    "plan_file": "UPDATE plan_file SET text = text || ' '",
}
"""Makes rows wrong that the area checks itself, for test_row_proof.py."""


def lives(clerk: Clerk, house: House) -> None:
    logical = new_id()
    clerk.do(CreateLogicalConfiguration(
        id=logical, context_id=house.season, physical_configuration_id=house.physical, code="AUTRE",
        names={"fr": "Autre"}, categories={"1re": house.seated, "Debout": house.standing}, draft=True,
    ))  # fmt: skip
    clerk.do(ValidateLogical(configuration_id=logical))
