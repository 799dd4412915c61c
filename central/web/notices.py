"""What stands on the administration's front page because somebody should do something about it: not an error of a form,
but how the house runs. Each area gives a provider; with nothing to say there is nothing to see.

    frame.notice(provider, needs=METRICS_READ)
"""

from collections.abc import Callable
from dataclasses import dataclass

from central.kernel.door import Door
from central.kernel.tx import Read
from central.web.origin import Front, Fronts
from central.web.texts import Texts


@dataclass(frozen=True, slots=True)
class Notice:
    """What is the matter and what to do next, in the reader's words; `href` leads there, if there is a page for it."""

    text: str
    step: str
    href: str = ""


Provider = Callable[[Read, Texts], list[Notice]]
"""What there is to say now, most pressing first."""


def shown(door: Door, read: Read, t: Texts, providers: list[tuple[Provider, str]]) -> list[Notice]:
    """All that is to be said to the asker: who holds a provider's privilege for the whole house."""
    return [
        each
        for provider, needs in providers
        if door.permissions.holding(read, needs) is None
        for each in provider(read, t)
    ]


def of_front(fronts: Fronts) -> Provider:
    """What stands in front of central, where it is not as the configuration says."""

    def provide(_: Read, t: Texts) -> list[Notice]:
        return [_front(t, front, ", ".join(fronts.seen[front])) for front in Front if front in fronts.seen]

    return provide


def _front(t: Texts, front: Front, addresses: str) -> Notice:
    match front:
        case Front.NO_PROXY_NAMED:
            return Notice(
                t(
                    "Un serveur mandataire se trouve devant Parterre ({addresses}), mais la configuration n’en nomme "
                    "aucun : tous les visiteurs ont la même adresse, et qui insiste fait attendre tout le monde.",
                    addresses=addresses,
                ),
                t("Ajoutez cette adresse à « proxies » dans la configuration de Parterre, puis redémarrez."),
            )
        case Front.ANOTHER_PROXY:
            return Notice(
                t(
                    "Des demandes arrivent par {addresses}, que la configuration ne nomme pas parmi les serveurs "
                    "mandataires : ce qu’elles disent de leur origine n’est pas cru.",
                    addresses=addresses,
                ),
                t(
                    "Si ce serveur est le vôtre, ajoutez-le à « proxies » ; sinon, ne laissez personne joindre "
                    "Parterre sans passer par les vôtres."
                ),
            )
        case Front.SAYS_NOTHING:
            return Notice(
                t(
                    "Le serveur mandataire {addresses} ne dit pas pour qui il demande : tous les visiteurs ont la "
                    "même adresse.",
                    addresses=addresses,
                ),
                t("Configurez-le pour qu’il envoie l’en-tête X-Forwarded-For."),
            )
