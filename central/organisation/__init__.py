"""Who we are: the tree of contexts, the operators and what they may do."""

from central.kernel.actor import ActorKind
from central.kernel.checklist import t
from central.kernel.privileges import UsualProfile
from central.kernel.turns import Sales
from central.organisation import (
    actors,
    callers,
    checklist_items,
    loops,
    mentions,
    ops,
    page_list,
    pages,
    view_pages,
    webhook_delivery,
    webhook_pages,
)
from central.organisation.letters import MAIL
from central.organisation.model import OrganisationPrivilege
from central.organisation.settings import OrganisationSettings
from central.organisation.webhooks import OUTBOX_KIND
from central.web.area import Area
from central.web.rooms import MenuEntry

AREA = Area(
    name="organisation",
    modules=(ops, mentions, webhook_delivery),
    settings=OrganisationSettings,
    sales=Sales(offered=("context",)),
    privileges=tuple(OrganisationPrivilege),
    usual={
        UsualProfile.BACK_OFFICE: ("organisation.context",),
        UsualProfile.READER: (
            OrganisationPrivilege.CONTEXT_READ,
            OrganisationPrivilege.METRICS_READ,
            OrganisationPrivilege.WEBHOOK_READ,
        ),
    },
    means=pages.way_in,
    pages=(page_list.sign_in_pages, webhook_pages.webhook_pages, view_pages.view_pages, mentions.mention_pages),
    menu=(
        MenuEntry(t("Inviter quelqu’un"), "/admin/operators/new", OrganisationPrivilege.OPERATOR_CREATE),
        MenuEntry(t("Qui peut quoi"), "/admin/who", OrganisationPrivilege.OPERATOR_READ),
        MenuEntry(t("Qui doit attendre"), "/admin/limited", OrganisationPrivilege.SESSION_READ),
        # The shell's own pages stand here too.
        MenuEntry(t("Journal"), "/admin/audit", OrganisationPrivilege.AUDIT_READ),
        MenuEntry(t("Mise en vente"), "/admin/live", OrganisationPrivilege.CONTEXT_READ),
        MenuEntry(t("API"), "/api", OrganisationPrivilege.OPERATOR_READ),
    ),
    callers=(callers.programs,),
    actors={ActorKind.OPERATOR: actors.OPERATORS},
    loops={"mail": loops.mailing, "webhooks": loops.delivering, "tidy": loops.tidying},
    outbox={MAIL: None, OUTBOX_KIND: None},
    checklist=(
        checklist_items.organiser,
        checklist_items.administrative_numbers,
        checklist_items.season,
        checklist_items.activity,
        checklist_items.team,
        checklist_items.perimeters,
        checklist_items.mail,
    ),
)
