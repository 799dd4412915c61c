"""What an area adds to the five catalogues: the sentences that it says (but in French), and a word for whatever it
declares."""

WORDS = {
    "Vestiaire ce soir": ("", "Cloakroom tonight", "Garderobe heute", "Guardarropa esta noche", "Guardaroba stasera"),
    "{n} manteaux": ("", "{n} coats", "{n} Mäntel", "{n} abrigos", "{n} cappotti"),
    "Le vestiaire": ("", "The cloakroom", "Die Garderobe", "El guardarropa", "Il guardaroba"),
    "Rien à faire au vestiaire.": (
        "", "Nothing to do there.", "Dort ist nichts zu tun.", "Nada que hacer allí.", "Niente da fare lì.",
    ),
    "entity:coat": ("Manteau", "Coat", "Mantel", "Abrigo", "Cappotto"),
    "entities:coat": ("Manteaux", "Coats", "Mäntel", "Abrigos", "Cappotti"),
    "field:coat.number": ("Numéro", "Number", "Nummer", "Número", "Numero"),
    "value:coat_state.hanging": ("Déposé", "Hanging", "Hängt hier", "Colgado", "Depositato"),
    "value:coat_state.fetched": ("Repris", "Fetched", "Abgeholt", "Recogido", "Ritirato"),
    "value:coat_state.lost": ("Perdu", "Lost", "Verloren", "Perdido", "Perso"),
    "do:hand_in_coat": ("Déposer", "Hand in", "Abgeben", "Entregar", "Consegnare"),
    "do:lose_coats": ("Perdre", "Lose", "Verlieren", "Perder", "Perdere"),
    "privilege:cloakroom": ("Vestiaire", "Cloakroom", "Garderobe", "Guardarropa", "Guardaroba"),
    "privilege:cloakroom.coat": ("Manteaux", "Coats", "Mäntel", "Abrigos", "Cappotti"),
    "reason:not_fetched.no_such_coat": (
        "Aucun manteau de ce numéro ici.", "No such coat here.", "Kein solcher Mantel hier.", "Aquí no hay tal abrigo.",
        "Qui non c’è un tale cappotto.",
    ),
    "value:anomaly_kind.fetched_late": (
        "Repris après avoir été perdu", "Fetched after it was lost", "Abgeholt, obwohl verloren",
        "Recogido tras perderse",
        "Ritirato dopo la perdita",
    ),
    "value:check.cloakroom": (
        "chaque manteau a son spectacle", "each coat has its show", "jeder Mantel hat seine Vorstellung",
        "cada abrigo tiene su función", "ogni cappotto ha il suo spettacolo",
    ),
    "value:figure.coats": ("manteaux", "coats", "Mäntel", "abrigos", "cappotti"),
    "reason:no_coat.full": ("Complet.", "Full.", "Voll.", "Completo.", "Pieno."),
}  # fmt: skip
