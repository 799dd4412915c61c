"""What a plan lives through, for test_life_cycles.py."""

from central.venues.logical import CreateLogicalConfiguration, ValidateLogical
from tests.central.small_house import Clerk, House, new_id


def lives(clerk: Clerk, house: House) -> None:
    logical = new_id()
    clerk.do(CreateLogicalConfiguration(
        id=logical, context_id=house.season, physical_configuration_id=house.physical, code="AUTRE",
        names={"fr": "Autre"}, categories={"1re": house.seated, "Debout": house.standing}, draft=True,
    ))  # fmt: skip
    clerk.do(ValidateLogical(configuration_id=logical))
