"""Who may say and hear what on a broker, by certificate alone: a site whose line is cut decides it too.

`firmware_configs/mosquitto/parterre.acl` says it in Mosquitto's words, which know an id, and neither site nor rights:
where the two differ is named in tests/frame/test_mosquitto_rights.py.
"""

from shared.wire import topics
from shared.wire.certificates import Certificate, DeviceKind, Right


def may_write(who: Certificate, topic: str) -> bool:
    """Central writes everything; a relay its own site; a device below its own id only, claims only if it controls."""
    if topics.kind_of(topic) is None:
        return False
    if who.kind is DeviceKind.CENTRAL:
        return True
    if not who.site_id or not topic.startswith(f"{topics.ROOT}/{who.site_id}/"):
        return False
    if Right.RELAY in who.rights:
        return True
    return topic == topics.state(who.site_id, who.holder_id) or (
        topic == topics.claim(who.site_id, who.holder_id) and Right.CONTROL in who.rights
    )


def may_read(who: Certificate, wanted: str) -> bool:
    """Whether a topic filter asks for nothing but what is meant for this holder."""
    if who.kind is DeviceKind.CENTRAL:
        return wanted == "#" or wanted.startswith(f"{topics.ROOT}/")
    site = who.site_id
    if not site or not wanted.startswith(f"{topics.ROOT}/{site}/"):
        return False
    if Right.RELAY in who.rights:
        return True
    allowed = [topics.bells(site), topics.command(site, who.holder_id), topics.states(site)]
    if Right.CONTROL in who.rights:
        allowed.append(topics.claims(site))
    return any(_within(wanted, pattern) for pattern in allowed)


def _within(wanted: str, pattern: str) -> bool:
    """Whether every topic that `wanted` matches is matched by `pattern`."""
    asked, given = wanted.split("/"), pattern.split("/")
    for index, level in enumerate(given):
        if level == "#":
            return len(asked) > index
        if index >= len(asked) or asked[index] == "#" or (level != "+" and asked[index] != level):
            return False
    return len(asked) == len(given)
