# ruff: noqa: E501 — a sentence of the table stays on one line with its language
"""The words on paper in the five languages, and dates and money as CLDR writes them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal

from shared.languages import LOCALES, spoken
from shared.money import Minor, to_decimal

WORDS = {
    "row": {"fr": "Rang", "en": "Row", "de": "Reihe", "es": "Fila", "it": "Fila"},
    "seat": {"fr": "Place", "en": "Seat", "de": "Platz", "es": "Asiento", "it": "Posto"},
    "unreserved": {
        "fr": "Placement libre",
        "en": "Unreserved seating",
        "de": "Freie Platzwahl",
        "es": "Sin numerar",
        "it": "Posto libero",
    },
    "doors": {
        "fr": "Ouverture des portes à {time}",
        "en": "Doors open at {time}",
        "de": "Einlass ab {time} Uhr",
        "es": "Apertura de puertas: {time}",
        "it": "Apertura porte: {time}",
    },
    "entrance": {"fr": "Entrée", "en": "Entrance", "de": "Eingang", "es": "Entrada", "it": "Ingresso"},
    "free": {"fr": "Gratuit", "en": "Free", "de": "Kostenlos", "es": "Gratuito", "it": "Gratuito"},
    "price": {"fr": "Prix TTC", "en": "Price incl. VAT", "de": "Preis inkl. MwSt.", "es": "Precio IVA incl.", "it": "Prezzo IVA incl."},
    "number": {"fr": "Billet n°", "en": "Ticket no.", "de": "Karte Nr.", "es": "Entrada n.º", "it": "Biglietto n."},
    "order": {"fr": "Commande", "en": "Order", "de": "Bestellung", "es": "Pedido", "it": "Ordine"},
    "sold": {"fr": "Vendu le", "en": "Sold on", "de": "Verkauft am", "es": "Vendido el", "it": "Venduto il"},
    "licence": {"fr": "Licence", "en": "Licence", "de": "Lizenz", "es": "Licencia", "it": "Licenza"},
    "duplicate": {"fr": "DUPLICATA", "en": "DUPLICATE", "de": "DUPLIKAT", "es": "DUPLICADO", "it": "DUPLICATO"},
    "specimen": {
        "fr": "SPÉCIMEN SANS VALEUR",
        "en": "SPECIMEN, NOT VALID",
        "de": "MUSTER, UNGÜLTIG",
        "es": "MUESTRA SIN VALOR",
        "it": "FAC-SIMILE",
    },
    "receipt": {"fr": "Reçu", "en": "Receipt", "de": "Quittung", "es": "Recibo", "it": "Ricevuta"},
    "total": {"fr": "Total TTC", "en": "Total incl. VAT", "de": "Gesamt inkl. MwSt.", "es": "Total IVA incl.", "it": "Totale IVA incl."},
    "vat": {
        "fr": "dont TVA {rate} %",
        "en": "of which VAT {rate} %",
        "de": "darin MwSt. {rate} %",
        "es": "IVA incluido {rate} %",
        "it": "di cui IVA {rate} %",
    },
    "net": {"fr": "Montant HT", "en": "Net of VAT", "de": "Nettobetrag", "es": "Base imponible", "it": "Imponibile"},
    "no_entry": {
        "fr": "Ce reçu ne donne pas accès à la salle.",
        "en": "This receipt does not admit to the house.",
        "de": "Diese Quittung berechtigt nicht zum Eintritt.",
        "es": "Este recibo no da acceso a la sala.",
        "it": "Questa ricevuta non dà accesso alla sala.",
    },
    "claim": {
        "fr": "Gardez ce papier",
        "en": "Keep this slip",
        "de": "Bitte aufbewahren",
        "es": "Conserve este papel",
        "it": "Conservi questo foglio",
    },
    "claim_why": {
        "fr": "La borne n’a pas pu terminer votre achat. Une personne va vérifier votre paiement : vous recevrez vos billets, ou votre argent vous sera rendu.",
        "en": "The kiosk could not finish your purchase. A person will check your payment: you will get your tickets, or your money back.",
        "de": "Der Automat konnte Ihren Kauf nicht abschließen. Ihre Zahlung wird von einem Menschen geprüft: Sie erhalten Ihre Karten oder Ihr Geld zurück.",
        "es": "El terminal no pudo terminar su compra. Una persona comprobará su pago: recibirá sus entradas o se le devolverá el dinero.",
        "it": "La cassa automatica non ha potuto concludere l’acquisto. Una persona verificherà il pagamento: riceverà i biglietti oppure il rimborso.",
    },
    "claim_where": {
        "fr": "Présentez-le ici :",
        "en": "Show it here:",
        "de": "Zeigen Sie ihn hier vor:",
        "es": "Preséntelo aquí:",
        "it": "Lo presenti qui:",
    },
    "amount": {"fr": "Montant en question", "en": "Amount concerned", "de": "Betrag", "es": "Importe en cuestión", "it": "Importo in questione"},
    "reference": {"fr": "Référence", "en": "Reference", "de": "Vorgang", "es": "Referencia", "it": "Riferimento"},
}  # fmt: skip


class Words:
    """One language, one time zone."""

    def __init__(self, language: str, timezone: str) -> None:
        self.language = spoken(language)
        self._locale = LOCALES[self.language]
        self._zone = ZoneInfo(timezone)

    def __getitem__(self, name: str) -> str:
        return WORDS[name][self.language]

    def day(self, at: datetime) -> str:
        """With its weekday, in words: samedi 21 novembre 2026."""
        text = format_date(at.astimezone(self._zone), "full", self._locale)
        return text[:1].upper() + text[1:]

    def short(self, at: datetime) -> str:
        """For the small print: 21/11/2026 18:32."""
        local = at.astimezone(self._zone)
        return f"{format_date(local, 'dd/MM/y', self._locale)} {self.time(at)}"

    def time(self, at: datetime) -> str:
        return format_time(at.astimezone(self._zone).timetz(), "HH:mm", locale=self._locale)

    def money(self, amount: int, currency: str) -> str:
        return format_currency(to_decimal(Minor(amount), currency), currency, locale=self._locale)

    def rate(self, vat_bp: int) -> str:
        return format_decimal(vat_bp / 100, "0.##", self._locale)
