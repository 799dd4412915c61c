"""The cloakroom: coats handed in at a performance, given back, or lost when it is over."""

from central.cloakroom import checks, loops, ops, pages
from central.cloakroom.model import CloakroomPrivilege, CoatAnomaly, NotFetched
from central.cloakroom.settings import CloakroomSettings
from central.kernel.checklist import t
from central.kernel.facts import KindOfFact
from central.kernel.feeds import Feeds, Scope
from central.kernel.privileges import UsualProfile
from central.web.area import Area
from central.web.rooms import MenuEntry, Room
from shared.wire.certificates import Right
from shared.wire.coats import COAT_FETCHED, COATS, CoatFetched

GATES = frozenset({Right.CONTROL})

AREA = Area(
    name="cloakroom",
    modules=(ops,),
    settings=CloakroomSettings,
    privileges=tuple(CloakroomPrivilege),
    usual={UsualProfile.GATE: ("cloakroom",), UsualProfile.READER: (CloakroomPrivilege.READ,)},
    pages=(pages.cloakroom,),
    room=Room.PROGRAMME,
    menu=(MenuEntry(t("Vestiaire ce soir"), pages.HREF, CloakroomPrivilege.READ),),
    loops={"cloakroom": loops.clearing},
    checklist=(loops.cloakroom,),
    health={"cloakroom": loops.open_},
    facts=(KindOfFact(COAT_FETCHED, GATES, CoatFetched, ops.take_fetched, refuses=(NotFetched,)),),
    anomalies=tuple(CoatAnomaly),
    checks=(checks.HUNG,),
    feeds=(Feeds(COATS, Scope.SITE, GATES),),
)
