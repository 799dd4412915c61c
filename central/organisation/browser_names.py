"""What a browser says of itself, in two words: nobody reads `Mozilla/5.0 (X11; Linux …`."""

from central.web.texts import Texts

MOST = 60
BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("Vivaldi/", "Vivaldi"), ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
"""Each pretends to be those after it."""
SYSTEMS = (
    ("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("CrOS", "ChromeOS"),
    ("Mac OS", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def browser_text(said: str, t: Texts) -> str:
    """What neither is known of stands as it is said, in short."""
    browser, system = (next((name for sign, name in known if sign in said), "") for known in (BROWSERS, SYSTEMS))
    if browser and system:
        return t("{browser} sous {system}", browser=browser, system=system)
    if browser or system:
        return browser or system
    short = said if len(said) <= MOST else f"{said[: MOST - 1]}…"
    return short or t("inconnu")
