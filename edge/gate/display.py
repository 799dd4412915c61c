"""What a lane shows: one big word, a shape, a colour, one line. A value; screens, the live page and lamps draw it.

Readable at two metres, in five languages; the state never lies in the colour alone. Every refusal says what to do next
or where to go. A text per reason and language is checked to exist by a test.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edge.gate.core import Answer, Face
from edge.gate.port import Sound
from shared.languages import LANGUAGES, named, spoken
from shared.outcome import Ok
from shared.rules.access import Deny, Lamp, Message


class Shape(StrEnum):
    TICK = auto()
    EYE = auto()  # go, and somebody looks
    CROSS = auto()
    CLOCK = auto()  # not now
    ARROW = auto()  # another door
    DOTS = auto()  # ready, wait
    FLAME = auto()


COLOUR: Final[Mapping[Lamp | None, str]] = {
    Lamp.GREEN: "#1f7a4d",
    Lamp.AMBER: "#b7791f",
    Lamp.RED: "#b3261e",
    None: "#1d1a26",
}


@dataclass(frozen=True, slots=True)
class Picture:
    word: str
    line: str
    shape: Shape
    lamp: Lamp | None
    sound: Sound | None = None

    @property
    def colour(self) -> str:
        return COLOUR[self.lamp]


# name: (fr, en, de, es, it). "word | line"; names in braces come from the answer's detail.
TEXTS: Final[Mapping[str, tuple[str, str, str, str, str]]] = {
    Face.READY: (
        "Bienvenue | Présentez votre billet",
        "Welcome | Please scan your ticket",
        "Willkommen | Bitte Ticket vorhalten",
        "Bienvenidos | Presente su entrada",
        "Benvenuti | Mostrate il biglietto al lettore",
    ),
    Face.WAIT: (
        "Patientez | Laissez passer la personne devant vous",
        "Please wait | Let the person in front go through first",
        "Bitte warten | Lassen Sie die Person vor Ihnen durchgehen",
        "Espere | Deje pasar a la persona de delante",
        "Attendere | Lasciate passare chi vi precede",
    ),
    Face.ALARM: (
        "Sortez | Évacuation : les passages sont ouverts",
        "Leave now | Evacuation: all gates are open",
        "Bitte hinausgehen | Räumung: alle Durchgänge sind offen",
        "Salgan | Evacuación: todos los pasos están abiertos",
        "Uscite | Evacuazione: tutti i varchi sono aperti",
    ),
    Face.HELPDESK: (
        "Vérification | Présentez un billet : rien ne sera décompté",
        "Ticket check | Scan a ticket: nothing is used up",
        "Auskunft | Ticket vorhalten: es wird nichts entwertet",
        "Comprobación | Presente una entrada: no se descuenta nada",
        "Verifica | Mostrate un biglietto: non viene annullato nulla",
    ),
    Face.FAULT: (
        "Hors service | Prenez une autre porte, s'il vous plaît",
        "Out of service | Please use another door",
        "Außer Betrieb | Bitte einen anderen Eingang benutzen",
        "Fuera de servicio | Use otra puerta, por favor",
        "Fuori servizio | Usate un altro ingresso, per favore",
    ),
    Message.WELCOME: (
        "Entrez | {event}{left}",
        "Come in | {event}{left}",
        "Bitte eintreten | {event}{left}",
        "Adelante | {event}{left}",
        "Prego | {event}{left}",
    ),
    Message.WELCOME_BACK: (
        "Bon retour | {event}",
        "Welcome back | {event}",
        "Willkommen zurück | {event}",
        "Bienvenido de nuevo | {event}",
        "Bentornati | {event}",
    ),
    Message.CHECK_PROOF: (
        "Justificatif | Tarif réduit : montrez votre justificatif",
        "Show proof | Reduced price: please show your proof",
        "Nachweis | Ermäßigt: bitte Nachweis zeigen",
        "Justificante | Tarifa reducida: muestre su justificante",
        "Documento | Ridotto: mostrate il documento",
    ),
    Message.GOODBYE: (
        "Au revoir | Gardez votre billet pour revenir",
        "Goodbye | Keep your ticket to come back in",
        "Auf Wiedersehen | Behalten Sie Ihr Ticket für die Rückkehr",
        "Hasta pronto | Guarde su entrada para volver",
        "Arrivederci | Conservate il biglietto per rientrare",
    ),
    Message.VALID: (
        "Valable | {event}{left}",
        "Valid | {event}{left}",
        "Gültig | {event}{left}",
        "Válida | {event}{left}",
        "Valido | {event}{left}",
    ),
    Message.FORCED: (
        "Passez | Entrée accordée par un agent",
        "Go through | Let in by a member of staff",
        "Bitte durchgehen | Vom Personal eingelassen",
        "Pase | Autorizado por el personal",
        "Passate | Ingresso autorizzato dal personale",
    ),
    Deny.UNREADABLE: (
        "Illisible | Lissez le billet, augmentez la luminosité et réessayez",
        "Not readable | Flatten the ticket or brighten the screen, then try again",
        "Nicht lesbar | Ticket glätten oder Bildschirm heller stellen, noch einmal versuchen",
        "Ilegible | Alise la entrada o suba el brillo y pruebe otra vez",
        "Illeggibile | Stendete il biglietto o aumentate la luminosità e riprovate",
    ),
    Deny.UNKNOWN_KEY: (
        "Non reconnu | Ce billet ne vient pas d'un point de vente d'ici : voyez l'accueil",
        "Not recognised | This ticket was not sold by this house: please see the information desk",
        "Nicht erkannt | Dieses Ticket stammt nicht von diesem Haus: bitte zur Information",
        "No reconocida | Esta entrada no es de esta casa: diríjase a información",
        "Non riconosciuto | Questo biglietto non è di questa sala: rivolgetevi all'accoglienza",
    ),
    Deny.BAD_SIGNATURE: (
        "Non valable | Ce code a été modifié : voyez l'accueil",
        "Not valid | This code has been altered: please see the information desk",
        "Ungültig | Dieser Code wurde verändert: bitte zur Information",
        "No válida | Este código está alterado: diríjase a información",
        "Non valido | Questo codice è stato alterato: rivolgetevi all'accoglienza",
    ),
    Deny.UNKNOWN_TICKET: (
        "Billet inconnu | Réessayez dans un instant ou voyez l'accueil",
        "Unknown ticket | Try again in a moment or see the information desk",
        "Unbekannt | Gleich noch einmal versuchen oder zur Information gehen",
        "Desconocida | Pruebe en un momento o diríjase a información",
        "Sconosciuto | Riprovate tra poco o rivolgetevi all'accoglienza",
    ),
    Deny.CANCELLED: (
        "Annulé | Ce billet a été annulé : voyez l'accueil",
        "Cancelled | This ticket was cancelled: please see the information desk",
        "Storniert | Dieses Ticket wurde storniert: bitte zur Information",
        "Anulada | Esta entrada fue anulada: diríjase a información",
        "Annullato | Questo biglietto è stato annullato: rivolgetevi all'accoglienza",
    ),
    Deny.REISSUED: (
        "Remplacé | Un nouveau billet a été émis : présentez le plus récent",
        "Replaced | A newer ticket was issued: please scan that one",
        "Ersetzt | Es gibt ein neueres Ticket: bitte dieses vorhalten",
        "Sustituida | Se emitió otra entrada: presente la más reciente",
        "Sostituito | È stato emesso un nuovo biglietto: mostrate quello",
    ),
    Deny.USED: (
        "Déjà utilisé | Entré à {at}, {gate}",
        "Already used | Came in at {at}, {gate}",
        "Bereits benutzt | Eingang um {at}, {gate}",
        "Ya utilizada | Entró a las {at}, {gate}",
        "Già usato | Entrato alle {at}, {gate}",
    ),
    Deny.ENTRIES_USED_UP: (
        "Plus d'entrée | {entries} entrées prévues, il en reste {left_count}",
        "No entries left | {entries} entries, {left_count} left",
        "Keine Eintritte mehr | {entries} Eintritte, noch {left_count}",
        "Sin entradas | {entries} accesos, quedan {left_count}",
        "Ingressi esauriti | {entries} ingressi, ne restano {left_count}",
    ),
    Deny.WRONG_PERFORMANCE: (
        "Autre séance | Ce billet est pour {event}, {starts}",
        "Other performance | This ticket is for {event}, {starts}",
        "Andere Vorstellung | Dieses Ticket gilt für {event}, {starts}",
        "Otra función | Esta entrada es para {event}, {starts}",
        "Altro spettacolo | Questo biglietto è per {event}, {starts}",
    ),
    Deny.WRONG_ZONE: (
        "Autre porte | Allez : {gates} {zones}",
        "Other door | Please go to {gates} {zones}",
        "Anderer Eingang | Bitte zu {gates} {zones}",
        "Otra puerta | Vaya a {gates} {zones}",
        "Altro ingresso | Andate a {gates} {zones}",
    ),
    Deny.TOO_EARLY: (
        "Trop tôt | Ouverture à {opens}",
        "Too early | Doors open at {opens}",
        "Zu früh | Einlass ab {opens}",
        "Demasiado pronto | Apertura a las {opens}",
        "Troppo presto | Apertura alle {opens}",
    ),
    Deny.TOO_LATE: (
        "Terminé | L'entrée a fermé à {closed}",
        "Closed | Entry closed at {closed}",
        "Zu spät | Einlass endete um {closed}",
        "Cerrado | El acceso cerró a las {closed}",
        "Chiuso | L'ingresso ha chiuso alle {closed}",
    ),
    Deny.REENTRY_NOT_YET: (
        "Pas encore | Retour possible à {at}",
        "Not yet | You may come back at {at}",
        "Noch nicht | Rückkehr ab {at}",
        "Todavía no | Puede volver a las {at}",
        "Non ancora | Potete rientrare alle {at}",
    ),
    Deny.HOLDER_BLOCKED: (
        "Voir l'accueil | Adressez-vous à l'accueil",
        "Please ask | Please see the information desk",
        "Bitte fragen | Bitte wenden Sie sich an die Information",
        "Consulte | Diríjase a información",
        "Chiedete | Rivolgetevi all'accoglienza",
    ),
    Deny.ZONE_FULL: (
        "Complet | Attendez que quelqu'un sorte",
        "Full | Please wait until somebody leaves",
        "Voll | Bitte warten, bis jemand hinausgeht",
        "Completo | Espere a que salga alguien",
        "Completo | Attendete che qualcuno esca",
    ),
    Deny.NEEDS_CHECK: (
        "Justificatif | Montrez votre justificatif à un agent",
        "Show proof | Show your proof to a member of staff",
        "Nachweis | Bitte dem Personal den Nachweis zeigen",
        "Justificante | Muestre su justificante al personal",
        "Documento | Mostrate il documento al personale",
    ),
    Deny.LIST_CLOSED: (
        "Fermé | Cette entrée n'est pas ouverte pour ce billet : voyez l'accueil",
        "Closed | This gate is not open for this ticket: please see the information desk",
        "Geschlossen | Dieser Eingang ist für dieses Ticket nicht offen: bitte zur Information",
        "Cerrado | Este acceso no está abierto para esta entrada: diríjase a información",
        "Chiuso | Questo ingresso non è aperto per questo biglietto: rivolgetevi all'accoglienza",
    ),
}
_LEFT: Final = (
    " · encore {0} entrées", " · {0} entries left", " · noch {0} Eintritte", " · quedan {0} accesos",
    " · restano {0} ingressi",
)  # fmt: skip
_DAY: Final = ("%d/%m", "%d/%m", "%d.%m.", "%d/%m", "%d/%m")
_SHAPES: Final[Mapping[str, Shape]] = {
    Deny.WRONG_PERFORMANCE: Shape.CLOCK,
    Deny.WRONG_ZONE: Shape.ARROW,
    Deny.TOO_EARLY: Shape.CLOCK,
    Deny.REENTRY_NOT_YET: Shape.CLOCK,
    Deny.NEEDS_CHECK: Shape.EYE,
}
_FACES: Final[Mapping[Face, tuple[Shape, Lamp | None, Sound | None]]] = {
    Face.READY: (Shape.DOTS, None, None),
    Face.WAIT: (Shape.DOTS, Lamp.AMBER, Sound.LOOK),
    Face.ALARM: (Shape.FLAME, Lamp.GREEN, Sound.ALARM),
    Face.HELPDESK: (Shape.DOTS, None, None),
    Face.FAULT: (Shape.CROSS, Lamp.RED, Sound.NO),
}


def picture(
    face: Face, answer: Answer | None, language: str, now: datetime, timezone: str = "UTC", again: bool = False
) -> Picture:
    """What to show. `again`: the same answer to the same code makes no second sound."""
    if face is not Face.ANSWER or answer is None:
        shape, lamp, sound = _FACES[face if face is not Face.ANSWER else Face.READY]
        return Picture(*_said(face if face is not Face.ANSWER else Face.READY, language, {}), shape, lamp, sound)
    tongue = LANGUAGES.index(spoken(language))
    if isinstance(answer.outcome, Ok):
        admit = answer.outcome.value
        fields = _fields(admit.detail, tongue, now, timezone)
        several = int(admit.detail.get("entries") or 0) > 1
        fields["left"] = _LEFT[tongue].format(admit.left) if several else ""
        look = admit.lamp is Lamp.AMBER
        shape, lamp, sound = Shape.EYE if look else Shape.TICK, admit.lamp, Sound.LOOK if look else Sound.YES
        name: str = admit.message
    else:
        name = answer.outcome.reason
        fields = _fields(answer.outcome.detail, tongue, now, timezone)
        look = name == Deny.NEEDS_CHECK
        shape, lamp = _SHAPES.get(name, Shape.CROSS), Lamp.AMBER if look else Lamp.RED
        sound = Sound.LOOK if look else Sound.NO
    word, line = _said(name, language, fields)
    return Picture(word, line, shape, lamp, None if again else sound)


def _said(name: str, language: str, fields: Mapping[str, str]) -> tuple[str, str]:
    text = TEXTS[name][LANGUAGES.index(spoken(language))]
    word, _, line = text.partition(" | ")
    return word, " ".join(line.format_map(_Blank(fields)).split())


class _Blank(dict[str, str]):
    """A detail that is not known leaves a gap, not a fault."""

    def __missing__(self, key: str) -> str:
        return ""


def _fields(detail: Mapping[str, Any], tongue: int, now: datetime, timezone: str) -> dict[str, str]:
    zone = _zone(str(detail.get("timezone") or timezone))
    fields = {key: str(value) for key, value in detail.items() if isinstance(value, str | int)}
    for key in ("at", "opens", "closed", "starts"):
        if detail.get(key):
            fields[key] = _time(str(detail[key]), tongue, now, zone)
    names = detail.get("event")
    if isinstance(names, Mapping):
        fields["event"] = named(names, LANGUAGES[tongue])
    for key in ("gates", "zones"):
        fields[key] = ", ".join(map(str, detail.get(key) or ()))
    if fields["zones"] and fields["gates"]:
        fields["zones"] = f"({fields['zones']})"
    fields["left_count"] = str(detail.get("left", 0))
    return fields


def _time(text: str, tongue: int, now: datetime, zone: ZoneInfo) -> str:
    """The time of day there; with the day if it is another one."""
    at = datetime.fromisoformat(text).astimezone(zone)
    hour = at.strftime("%H:%M")
    return hour if at.date() == now.astimezone(zone).date() else f"{at.strftime(_DAY[tongue])} {hour}"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
