"""Who went in: scans, admissions, and what did not fit."""

from central.access import checks, ops
from central.access.model import AccessPrivilege, NoScan, ScanAnomaly
from central.kernel.facts import KindOfFact
from central.kernel.feeds import Feeds, Scope
from central.kernel.privileges import UsualProfile
from central.web.area import Area
from central.web.rooms import Room
from shared.wire.certificates import Right
from shared.wire.facts import FactKind, PassageFact, ScanFact
from shared.wire.feeds import FeedFamily

GATES = frozenset({Right.CONTROL})

AREA = Area(
    name="access",
    room=Room.DEVICES,
    modules=(ops,),
    privileges=tuple(AccessPrivilege),
    usual={
        UsualProfile.BACK_OFFICE: (AccessPrivilege.ACCESS_READ,),
        UsualProfile.GATE: ("access",),
        UsualProfile.READER: (AccessPrivilege.ACCESS_READ,),
    },
    facts=(
        KindOfFact(FactKind.SCAN, GATES, ScanFact, ops.take_scan, refuses=(NoScan,)),
        KindOfFact(FactKind.PASSAGE, GATES, PassageFact, ops.take_passage),
    ),
    anomalies=tuple(ScanAnomaly),
    checks=(checks.ENTRIES,),
    feeds=(Feeds(FeedFamily.ADMISSIONS, Scope.SITE, GATES),),
)
