"""The live page's own words in its five languages. Figures stand beside their word, so that none needs a plural."""

from collections.abc import Mapping

LANGUAGES = ("fr", "en", "de", "es", "it")

_TEXTS: Mapping[str, tuple[str, str, str, str, str]] = {
    "title": (
        "La soirée en direct",
        "The evening, live",
        "Der Abend, live",
        "La velada en directo",
        "La serata in diretta",
    ),
    "live": ("En direct", "Live", "Live", "En directo", "In diretta"),
    "lost": (
        "Liaison perdue, nouvel essai…",
        "Connection lost, trying again…",
        "Verbindung verloren, neuer Versuch…",
        "Conexión perdida, reintentando…",
        "Connessione persa, nuovo tentativo…",
    ),
    "no_script": (
        "Sans JavaScript, cette page ne se met pas à jour seule : rechargez-la.",
        "Without JavaScript this page does not update by itself: reload it.",
        "Ohne JavaScript erneuert sich diese Seite nicht von selbst: bitte neu laden.",
        "Sin JavaScript esta página no se actualiza sola: recárguela.",
        "Senza JavaScript la pagina non si aggiorna da sola: ricaricatela.",
    ),
    "skip": ("Aller au plan", "Go to the plan", "Zum Plan", "Ir al plano", "Vai alla pianta"),
    "evenings": ("Représentations", "Performances", "Vorstellungen", "Funciones", "Spettacoli"),
    "languages": ("Langue", "Language", "Sprache", "Idioma", "Lingua"),
    "nothing": (
        "Aucune représentation n’est prévue.",
        "No performance is planned.",
        "Keine Vorstellung geplant.",
        "No hay ninguna función prevista.",
        "Nessuno spettacolo in programma.",
    ),
    "nothing_next": (
        "Créez une représentation et ouvrez sa vente : elle paraîtra ici.",
        "Create a performance and open its sale: it will appear here.",
        "Legen Sie eine Vorstellung an und öffnen Sie den Verkauf: Sie erscheint hier.",
        "Cree una función y abra su venta: aparecerá aquí.",
        "Create uno spettacolo e apritene la vendita: comparirà qui.",
    ),
    "hall": ("La salle", "The hall", "Der Saal", "La sala", "La sala"),
    "categories": ("Catégories", "Categories", "Kategorien", "Categorías", "Categorie"),
    "capacity": ("Jauge", "Capacity", "Plätze", "Aforo", "Capienza"),
    "free": ("Libres", "Free", "Frei", "Libres", "Liberi"),
    "held": ("En panier", "In a cart", "Im Warenkorb", "En carrito", "Nel carrello"),
    "leased": ("Confiées aux bornes", "Lent to kiosks", "Bei Automaten", "En quioscos", "Affidati ai totem"),
    "optioned": ("En option", "On option", "Option", "En opción", "In opzione"),
    "sold": ("Vendues", "Sold", "Verkauft", "Vendidas", "Venduti"),
    "admitted": ("Entrées", "Inside", "Im Haus", "Dentro", "Entrati"),
    "sold_not_in": (
        "Vendues, attendues",
        "Sold, expected",
        "Verkauft, erwartet",
        "Vendidas, esperadas",
        "Venduti, attesi",
    ),
    "blocked": ("Bloquées", "Blocked", "Gesperrt", "Bloqueadas", "Bloccati"),
    "takings": ("Recette", "Takings", "Einnahmen", "Recaudación", "Incasso"),
    "books": ("Contrôles", "Checks", "Prüfungen", "Controles", "Controlli"),
    "sales": ("Les ventes", "Sales", "Verkauf", "Ventas", "Vendite"),
    "places_sold": ("Places vendues", "Places sold", "Verkaufte Plätze", "Localidades vendidas", "Posti venduti"),
    "last_sales": ("Dernières ventes", "Last sales", "Letzte Verkäufe", "Últimas ventas", "Ultime vendite"),
    "no_sale": (
        "Rien de vendu encore.",
        "Nothing sold yet.",
        "Noch nichts verkauft.",
        "Nada vendido todavía.",
        "Ancora nessuna vendita.",
    ),
    "when": ("Heure", "Time", "Zeit", "Hora", "Ora"),
    "where": ("Où", "Where", "Wo", "Dónde", "Dove"),
    "seats": ("Places", "Seats", "Plätze", "Localidades", "Posti"),
    "amount": ("Montant", "Amount", "Betrag", "Importe", "Importo"),
    "late": (
        "vendu ligne coupée",
        "sold while cut off",
        "ohne Leitung verkauft",
        "vendido sin línea",
        "venduto senza linea",
    ),
    "lanes": ("Les passages", "The lanes", "Die Eingänge", "Los accesos", "Gli accessi"),
    "no_lane": (
        "Aucun contrôle n’est inscrit.",
        "No lane is enrolled.",
        "Kein Eingang angemeldet.",
        "Ningún acceso inscrito.",
        "Nessun varco registrato.",
    ),
    "verdict_admitted": ("Admis", "Admitted", "Eingelassen", "Admitido", "Ammesso"),
    "verdict_look": (
        "Admis, à vérifier",
        "Admitted, look",
        "Eingelassen, prüfen",
        "Admitido, verificar",
        "Ammesso, verificare",
    ),
    "verdict_refused": ("Refusé", "Refused", "Abgewiesen", "Rechazado", "Rifiutato"),
    "verdict_left": ("Sorti", "Left", "Hinaus", "Salida", "Uscito"),
    "verdict_none": ("En attente", "Waiting", "Wartet", "En espera", "In attesa"),
    "no_scan": (
        "Aucun billet présenté encore.",
        "No ticket shown yet.",
        "Noch kein Ticket gezeigt.",
        "Ninguna entrada presentada.",
        "Nessun biglietto presentato.",
    ),
    "look_why": (
        "une anomalie le concerne",
        "an anomaly is about it",
        "eine Anomalie betrifft es",
        "hay una anomalía",
        "un’anomalia lo riguarda",
    ),
    "used_at": (
        "déjà entré à {time}, {gate}",
        "already in at {time}, {gate}",
        "schon drin um {time}, {gate}",
        "ya entró a las {time}, {gate}",
        "già entrato alle {time}, {gate}",
    ),
    "let_in": ("Admissions", "Admitted", "Eingelassen", "Admisiones", "Ammissioni"),
    "sent_back": ("Refus", "Refused", "Abgewiesen", "Rechazos", "Rifiuti"),
    "entries": ("Les entrées", "Entries", "Einlass", "Entradas", "Ingressi"),
    "no_entry": (
        "Personne n’est entré encore.",
        "Nobody has come in yet.",
        "Noch niemand im Haus.",
        "Nadie ha entrado todavía.",
        "Ancora nessuno dentro.",
    ),
    "devices": ("Les appareils", "Devices", "Geräte", "Aparatos", "Apparecchi"),
    "site_map": ("Carte du site", "Map of the site", "Karte des Hauses", "Mapa del lugar", "Mappa del sito"),
    "central": ("Central", "Central", "Zentrale", "Central", "Centrale"),
    "site_broker": ("Relais du site", "Site relay", "Relais im Haus", "Relé del lugar", "Relè del sito"),
    "kind_kiosk": ("Borne", "Kiosk", "Automat", "Quiosco", "Totem"),
    "kind_gate": ("Contrôle", "Gate", "Eingang", "Control", "Varco"),
    "kind_printer": ("Imprimante", "Printer", "Drucker", "Impresora", "Stampante"),
    "kind_bar": ("Bar", "Bar", "Bar", "Bar", "Bar"),
    "kind_broker": ("Relais", "Relay", "Relais", "Relé", "Relè"),
    "kind_central": ("Central", "Central", "Zentrale", "Central", "Centrale"),
    "online": ("en ligne", "online", "verbunden", "en línea", "in linea"),
    "offline": ("hors ligne", "offline", "getrennt", "sin conexión", "non in linea"),
    "trouble": ("panne {code}", "fault {code}", "Störung {code}", "avería {code}", "guasto {code}"),
    "unheard": ("pas encore entendu", "not heard yet", "noch nicht gehört", "sin noticias aún", "non ancora sentito"),
    "pending": ("à approuver", "to approve", "freizugeben", "por aprobar", "da approvare"),
    "beyond": ("hors de portée", "out of reach", "unerreichbar", "fuera de alcance", "irraggiungibile"),
    "alone": ("vit sans central", "works alone", "arbeitet allein", "trabaja solo", "lavora da solo"),
    "unsent": ("{n} à envoyer", "{n} to send", "{n} zu senden", "{n} por enviar", "{n} da inviare"),
    "cut": ("LIGNE COUPÉE", "LINE CUT", "LEITUNG GETRENNT", "LÍNEA CORTADA", "LINEA INTERROTTA"),
    "no_device": (
        "Aucun appareil inscrit.",
        "No device enrolled.",
        "Kein Gerät angemeldet.",
        "Ningún aparato inscrito.",
        "Nessun apparecchio registrato.",
    ),
    "checks": (
        "Les comptes sont-ils justes ?",
        "Do the books agree?",
        "Stimmen die Bücher?",
        "¿Cuadran las cuentas?",
        "I conti tornano?",
    ),
    "holds": ("juste", "holds", "stimmt", "correcto", "corretto"),
    "fails": ("faux", "fails", "falsch", "falla", "errato"),
    "anomalies": ("Anomalies ouvertes", "Open anomalies", "Offene Anomalien", "Anomalías abiertas", "Anomalie aperte"),
    "none": ("aucune", "none", "keine", "ninguna", "nessuna"),
    "I1": (
        "Rien de ce qu’un appareil a dit n’est perdu.",
        "Nothing that a device told is lost.",
        "Nichts, was ein Gerät gesagt hat, ist verloren.",
        "Nada de lo que dijo un aparato se ha perdido.",
        "Nulla di ciò che un apparecchio ha detto è andato perso.",
    ),
    "I2": (
        "Chaque identifiant n’a eu qu’un effet.",
        "Each id has had one effect.",
        "Jede Kennung hatte nur eine Wirkung.",
        "Cada identificador tuvo un solo efecto.",
        "Ogni identificativo ha avuto un solo effetto.",
    ),
    "I3": (
        "Les entrées suivent les lectures, dans quelque ordre qu’elles soient venues.",
        "Entries are what the scans say, in whatever order they came.",
        "Der Einlass folgt den Lesungen, gleich in welcher Reihenfolge sie kamen.",
        "Las entradas siguen las lecturas, llegaran en el orden que llegaran.",
        "Gli ingressi seguono le letture, in qualunque ordine siano arrivate.",
    ),
    "I4": (
        "Les comptes tombent juste : lignes, ventes et paiements.",
        "The books balance: lines, sales and payments agree.",
        "Die Bücher stimmen: Posten, Verkäufe und Zahlungen.",
        "Las cuentas cuadran: líneas, ventas y pagos.",
        "I conti quadrano: righe, vendite e pagamenti.",
    ),
    "I5": (
        "Aucune place n’est vendue deux fois.",
        "No place is sold twice.",
        "Kein Platz ist zweimal verkauft.",
        "Ninguna localidad se vendió dos veces.",
        "Nessun posto è venduto due volte.",
    ),
    "I6": (
        "Ce qui ne va pas se voit, sous son nom.",
        "Whatever does not fit is shown under its class.",
        "Was nicht passt, steht unter seinem Namen da.",
        "Lo que no encaja se ve, con su nombre.",
        "Ciò che non va si vede, con il suo nome.",
    ),
    "I7": (
        "Aucun mauvais message n’en bloque un autre.",
        "No bad record blocked another.",
        "Keine schlechte Meldung hält eine andere auf.",
        "Ningún mensaje malo bloquea a otro.",
        "Nessun messaggio difettoso ne blocca un altro.",
    ),
    "duplicate_offline": (
        "entrée double hors ligne",
        "second entry while cut off",
        "doppelter Einlass ohne Leitung",
        "doble entrada sin línea",
        "doppio ingresso senza linea",
    ),
    "unknown_ticket_admitted": (
        "admis, vente pas encore arrivée",
        "admitted, sale not here yet",
        "eingelassen, Verkauf fehlt noch",
        "admitido, venta aún no llegada",
        "ammesso, vendita non ancora arrivata",
    ),
    "slot_clash": (
        "place vendue deux fois",
        "slot sold twice",
        "Platz doppelt verkauft",
        "plaza vendida dos veces",
        "posto venduto due volte",
    ),
    "sale_without_lease": (
        "vente sans droit",
        "sale without lease",
        "Verkauf ohne Kontingent",
        "venta sin derecho",
        "vendita senza diritto",
    ),
    "sale_after_write_off": (
        "vente après abandon",
        "sale after write-off",
        "Verkauf nach Abschreibung",
        "venta tras la baja",
        "vendita dopo lo storno",
    ),
    "price_differs": ("prix différent", "price differs", "anderer Preis", "precio distinto", "prezzo diverso"),
    "amount_differs": ("montant différent", "amount differs", "anderer Betrag", "importe distinto", "importo diverso"),
    "chain_broken": ("journal rompu", "journal broken", "Journal gebrochen", "diario roto", "registro spezzato"),
    "quarantined": ("en quarantaine", "quarantined", "in Quarantäne", "en cuarentena", "in quarantena"),
    "dead_letter": (
        "message illisible",
        "unreadable message",
        "unlesbare Meldung",
        "mensaje ilegible",
        "messaggio illeggibile",
    ),
    "fig_devices": ("appareils", "devices", "Geräte", "aparatos", "apparecchi"),
    "fig_facts": ("faits", "facts", "Fakten", "hechos", "fatti"),
    "fig_sales": ("ventes", "sales", "Verkäufe", "ventas", "vendite"),
    "fig_scans": ("lectures", "scans", "Lesungen", "lecturas", "letture"),
    "fig_orders": ("commandes", "orders", "Bestellungen", "pedidos", "ordini"),
    "fig_tickets": ("billets", "tickets", "Tickets", "entradas", "biglietti"),
    "fig_twins": ("doublons", "twins", "Doppel", "duplicados", "doppioni"),
    "fig_admissions": ("entrées", "entries", "Einlässe", "ingresos", "ingressi"),
    "fig_moves": ("mouvements", "moves", "Buchungen", "movimientos", "movimenti"),
    "fig_sold": ("vendu", "sold", "verkauft", "vendido", "venduto"),
    "fig_paid": ("payé", "paid", "bezahlt", "pagado", "pagato"),
    "fig_places": ("places", "places", "Plätze", "plazas", "posti"),
    "fig_without_place": ("sans place", "without place", "ohne Platz", "sin plaza", "senza posto"),
    "fig_open": ("ouvertes", "open", "offen", "abiertas", "aperte"),
    "fig_taken": ("pris", "taken", "angenommen", "tomados", "presi"),
    "fig_dead": ("illisibles", "dead", "unlesbar", "ilegibles", "illeggibili"),
    "fig_quarantined": ("en quarantaine", "quarantined", "in Quarantäne", "en cuarentena", "in quarantena"),
    "fig_wrong": ("faux", "wrong", "falsch", "fallos", "errati"),
    "unreadable": ("code illisible", "code not readable", "Code unlesbar", "código ilegible", "codice illeggibile"),
    "unknown_key": (
        "émetteur inconnu",
        "unknown issuer",
        "Aussteller unbekannt",
        "emisor desconocido",
        "emittente sconosciuto",
    ),
    "bad_signature": ("signature fausse", "forged signature", "Signatur falsch", "firma falsa", "firma falsa"),
    "unknown_ticket": (
        "billet inconnu",
        "unknown ticket",
        "Ticket unbekannt",
        "entrada desconocida",
        "biglietto sconosciuto",
    ),
    "cancelled": ("billet annulé", "ticket cancelled", "Ticket storniert", "entrada anulada", "biglietto annullato"),
    "reissued": (
        "remplacé par un duplicata",
        "replaced by a duplicate",
        "durch Duplikat ersetzt",
        "sustituida por un duplicado",
        "sostituito da un duplicato",
    ),
    "used": ("déjà utilisé", "already used", "schon benutzt", "ya utilizada", "già usato"),
    "entries_used_up": (
        "plus d’entrée dessus",
        "no entry left on it",
        "keine Eintritte mehr",
        "sin accesos restantes",
        "ingressi esauriti",
    ),
    "wrong_performance": (
        "autre représentation",
        "another performance",
        "andere Vorstellung",
        "otra función",
        "altro spettacolo",
    ),
    "wrong_zone": ("autre porte", "another door", "andere Tür", "otra puerta", "altra porta"),
    "too_early": ("trop tôt", "too early", "zu früh", "demasiado pronto", "troppo presto"),
    "too_late": ("trop tard", "too late", "zu spät", "demasiado tarde", "troppo tardi"),
    "reentry_not_yet": (
        "retour trop rapide",
        "back too soon",
        "zu schnell zurück",
        "regreso demasiado rápido",
        "rientro troppo rapido",
    ),
    "holder_blocked": (
        "porteur bloqué",
        "holder blocked",
        "Inhaber gesperrt",
        "titular bloqueado",
        "titolare bloccato",
    ),
    "zone_full": ("zone pleine", "zone full", "Bereich voll", "zona llena", "zona piena"),
    "needs_check": (
        "justificatif à voir",
        "proof to be seen",
        "Nachweis zeigen",
        "ver justificante",
        "giustificativo da vedere",
    ),
    "list_closed": (
        "pas de liste ouverte",
        "no open list",
        "keine offene Liste",
        "sin lista abierta",
        "nessuna lista aperta",
    ),
}


class Words:
    """The texts of one language; a name that has none stands for itself, readable."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._at = LANGUAGES.index(language)

    def __call__(self, name: str, **values: object) -> str:
        texts = _TEXTS.get(name)
        text = texts[self._at] if texts else name.replace("_", " ")
        return text.format(**values) if values else text

    def of(self, names: Mapping[str, str]) -> str:
        """A text of the house; French is there always."""
        return names.get(self.language) or names.get("fr", "")


WORDS = {language: Words(language) for language in LANGUAGES}


def language_for(asked: str, accept: str) -> str:
    """`asked` if we speak it, or the first that the browser names and we speak; French otherwise."""
    if asked in WORDS:
        return asked
    for part in accept[:200].split(","):
        tag = part.partition(";")[0].strip().partition("-")[0].lower()
        if tag in WORDS:
            return tag
    return LANGUAGES[0]
