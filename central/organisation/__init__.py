"""Who we are: the tree of contexts, the operators and what they may do."""

from central.kernel.checklist import t
from central.organisation import keeping, needed, ops, pages, pages_all, posting, webhook_pages
from central.organisation.letters import MAIL
from central.organisation.model import OrganisationPrivilege
from central.organisation.webhooks import OUTBOX_KIND
from central.web.area import Area
from central.web.shell import Entry

AREA = Area(
    name="organisation",
    after="web",
    modules=(ops, posting),
    privileges=tuple(OrganisationPrivilege),
    means=pages.way_in,
    pages=(pages_all.sign_in_pages, webhook_pages.webhook_pages),
    menu=(
        Entry(t("Inviter quelqu’un"), "/admin/operators/new", OrganisationPrivilege.OPERATOR_CREATE),
        Entry(t("Qui peut quoi"), "/admin/who", OrganisationPrivilege.OPERATOR_READ),
        Entry(t("Qui doit attendre"), "/admin/limited", OrganisationPrivilege.SESSION_READ),
        # The shell's own pages stand here too.
        Entry(t("Journal"), "/admin/audit", OrganisationPrivilege.AUDIT_READ),
        Entry(t("Mise en vente"), "/admin/live"),
        Entry(t("API"), "/api"),
    ),
    loops={"mail": keeping.mailing, "webhooks": keeping.delivering, "tidy": keeping.tidying},
    outbox={MAIL: None, OUTBOX_KIND: None},
    checklist=(
        needed.organiser,
        needed.administrative_numbers,
        needed.season,
        needed.activity,
        needed.team,
        needed.perimeters,
        needed.mail,
    ),
)
