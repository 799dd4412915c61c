"""Who went in: scans, admissions, and what did not fit."""

from central.access import ops
from central.access.model import AccessPrivilege
from central.kernel.feeds import Feeds, Scope
from central.web.area import Area
from shared.wire.feeds import Family

AREA = Area(
    name="access",
    modules=(ops,),
    privileges=tuple(AccessPrivilege),
    feeds=(Feeds.of(Family.ADMISSIONS, Scope.SITE),),
)
