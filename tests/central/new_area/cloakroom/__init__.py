"""The cloakroom: coats handed in at a performance, given back, or lost when it is over."""

from central.cloakroom import attendant, ops, pages
from central.cloakroom.model import CloakroomPrivilege
from central.kernel.checklist import t
from central.kernel.feeds import Feeds, Scope
from central.web.area import Area
from central.web.shell import MenuEntry
from shared.wire.certificates import Right

AREA = Area(
    name="cloakroom",
    modules=(ops,),
    privileges=tuple(CloakroomPrivilege),
    pages=(pages.cloakroom,),
    menu=(MenuEntry(t("Vestiaire ce soir"), pages.HREF, CloakroomPrivilege.READ),),
    loops={"cloakroom": attendant.clearing},
    checklist=(attendant.cloakroom,),
    health={"cloakroom": attendant.open_},
    feeds=(Feeds("coats", Scope.SITE, frozenset({Right.CONTROL})),),
)
