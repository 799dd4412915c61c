"""A plan, whichever kind it is: a hall as it is built, as it is sold, or of one performance."""

from central.catalogue.model import Performance
from central.inventory.plan_reads import performance_table
from central.kernel.scope import context_of
from central.kernel.tx import Read
from central.venues.model import LogicalConfiguration, PhysicalConfiguration, PlanTarget
from central.venues.plan_tables import logical_table, physical_table
from central.venues.selection import Selection, Table

_TABLES = {
    PlanTarget.PHYSICAL: "physical_configuration",
    PlanTarget.LOGICAL: "logical_configuration",
    PlanTarget.PERFORMANCE: "performance",
}


def target_context(read: Read, target: PlanTarget, target_id: str) -> str | None:
    return context_of(read, _TABLES[target], target_id)


def plan_table(read: Read, target: PlanTarget, target_id: str, selection: Selection | None = None) -> Table | None:
    """The plan of now: the whole of it, or at least what is selected. None: there is no such plan."""
    match target:
        case PlanTarget.PHYSICAL:
            physical = read.get(PhysicalConfiguration, target_id)
            return physical_table(read, target_id, selection) if physical else None
        case PlanTarget.LOGICAL:
            logical = read.get(LogicalConfiguration, target_id)
            return logical_table(read, logical, selection) if logical else None
        case PlanTarget.PERFORMANCE:
            performance = read.get(Performance, target_id)
            return performance_table(read, performance, selection) if performance else None
