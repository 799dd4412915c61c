"""Where a webhook may be sent: judged as it is dialled, when it is made, when it is looked up, and by who answers.

Nothing here leaves this machine: look-ups are played, and the only listener is on its own loop.
"""

import unicodedata
from functools import cache
from ipaddress import IPv6Address

import aiohttp
import pytest
from aiohttp.abc import ResolveResult
from aiohttp.helpers import is_ip_address
from hypothesis import example, given, settings
from hypothesis import strategies as st
from yarl import URL

from central.organisation.receivers import (
    Connector,
    NotReachable,
    Pinned,
    dialled,
    literal,
    may_reach,
    networks,
    never_reached,
)
from central.organisation.webhook_delivery import Post
from tests.central.organisation.test_webhooks import LOCAL, Desk, Receiver, desk, receiver
from tests.central.small_house import new_id
from tests.waiting import PATIENCE_S

__all__ = ["desk", "receiver"]  # fixtures

INSIDE = (
    # as everybody writes it, and with every sign that becomes one of those
    "127.0.0.1", "127.0.0.1.", "127.255.255.254", "0.0.0.0", "10.0.0.1", "10.255.255.255", "172.16.0.1",
    "172.31.255.255", "192.168.0.1", "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.0.170",
    "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "１２７.0.0.1", "①②⑦.0.0.1", "①②⑦.⓪.⓪.①", "𝟏𝟐𝟕.𝟎.𝟎.𝟏", "𝟙𝟚𝟟.0.0.1", "𝟣𝟤𝟩.0.0.1", "𝟭𝟮𝟳.0.0.1", "𝟷𝟸𝟽.0.0.1",
    "¹²⁷.⁰.⁰.¹", "₁₂₇.₀.₀.₁", "127。0。0。1", "127．0．0．1", "127｡0｡0｡1", "１２７。０。０。１", "169。254。169。254",
    "１０.0.0.1", "192．168．1．1", "①⑥⑨.②⑤④.①⑥⑨.②⑤④",
    # as numbers, which a look-up takes without asking anybody
    "2130706433", "0x7f000001", "017700000001", "0x7f.1", "0x7f.0x0.0x0.0x1", "0177.0.0.1", "127.1", "127.0.1", "0",
    "2852039166", "0xa9fea9fe", "１２７.1", "②①③⓪⑦⓪⑥④③③",
    # version six, alone and with an address of version four in it
    "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[fe80::1]", "[fe80::1%25eth0]", "[fc00::1]", "[fd12:3456::1]", "[fec0::1]",
    "[ff02::1]", "[2001:db8::1]", "[3fff::1]", "[100::1]", "[2001::1]", "[5f00::1]", "[4000::1]",
    "[::127.0.0.1]", "[::7f00:1]", "[::10.0.0.1]", "[::a9fe:a9fe]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:169.254.169.254]",
    "[::ffff:0:127.0.0.1]", "[::ffff:0:7f00:1]",
    "[64:ff9b::127.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", "[2002:c0a8:101::1]",
    "[2001:0:4136:e378:8000:63bf:3fff:fdd2]", "[2606:2800:220:1::5efe:127.0.0.1]",
    "[2606:2800:220:1:200:5efe:10.0.0.1]",
    # this machine by its name
    "localhost", "LOCALHOST", "localhost.", "ｌｏｃａｌｈｏｓｔ", "shop.localhost",
)  # fmt: skip
PUBLIC = (
    "shop.example", "bücher.example", "93.184.215.14", "９３.184.215.14", "[2606:2800:21f:cb07:6820:80da:af6b:8b2c]",
    "[::ffff:93.184.215.14]", "[64:ff9b::5db8:d70e]", "[2002:5db8:d70e::1]", "shop.example.", "127.0.0.1.example",
)  # fmt: skip


def test_the_table_is_long_enough() -> None:
    assert len(set(INSIDE)) > 60


@pytest.mark.parametrize("host", INSIDE)
def test_what_can_never_be_reached_is_known_before(host: str) -> None:
    assert never_reached(f"https://{host}:8443/in", ())


@pytest.mark.parametrize("host", PUBLIC)
def test_what_may_be_reached(host: str) -> None:
    assert not never_reached(f"https://{host}/in", ())


@pytest.mark.parametrize(
    "url",
    [
        "https://",
        "https:///in",
        "https://?",
        "https://[::1",
        "https://a..b/",
        "https://a b/",
        "https://127%2e0.0.1/",
        "https://127.0.0.1%20/",
        "https://127.0.0.1%00.example/",
        f"https://{'a' * 64}.example/",
        "https://-a.example/",
        "https://0../",
        "https://1.2.3.4.5/",
        "https://999999999999/",
        "https://shop.1/",
        "https://a[]@",
        "https://-[::1]@",
    ],
)
def test_no_host_at_all(url: str) -> None:
    assert never_reached(url, ())


def test_what_the_house_names_is_reached() -> None:
    assert not never_reached("http://127.0.0.1/", LOCAL) and not never_reached("http://localhost/", LOCAL)
    assert not never_reached("http://[::ffff:127.0.0.1]/", LOCAL) and never_reached("http://10.0.0.1/", LOCAL)
    named = networks(["10.1.0.0/16", "fd00:1::/32"])
    assert not never_reached("https://10.1.2.3/", named) and not never_reached("https://[fd00:1::5]/", named)
    assert never_reached("https://10.2.0.1/", named) and never_reached("https://localhost/", named)


@pytest.mark.parametrize("host", INSIDE)
def test_an_address_is_refused_without_a_look_up(host: str) -> None:
    """As each try asks, before anything is dialled."""
    url = f"https://{host}:8443/in"
    if literal(dialled(url)) is None:
        return  # a name: its look-up is judged
    with pytest.raises(NotReachable, match="inside"):
        Pinned(()).check_literal(url)


def own(host: str) -> bool:
    """Whether it leads to this machine: only such a one is tried below, so that nothing leaves it even if all fails."""
    at = literal(dialled(f"https://{host}/"))
    mapped = at.ipv4_mapped if isinstance(at, IPv6Address) else None
    return at is None or (mapped or at).is_loopback


@pytest.mark.parametrize("host", [each for each in INSIDE if own(each)])
async def test_nothing_is_sent_there(receiver: Receiver, host: str) -> None:
    """End to end, with a listener on this machine's own loop, whose look-up answers as the machine's does."""

    async def lookup(asked: str, _: int) -> list[str]:
        return [str(literal(asked) or "127.0.0.1")]

    url = URL(receiver.url)
    answer = await Post(lookup=lookup, timeout_s=PATIENCE_S)(f"http://{host}:{url.port}/in", {}, "{}")
    assert not answer.ok and answer.status is None and "inside" in answer.why and receiver.heard == []


@pytest.mark.parametrize("said", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
async def test_a_name_that_leads_inside(receiver: Receiver, said: str) -> None:
    """One address inside among others that are not is enough."""

    async def lookup(_: str, __: int) -> list[str]:
        return ["127.0.0.2", said]

    post = Post(networks(["127.0.0.2/32"]), lookup, PATIENCE_S)
    answer = await post(receiver.url.replace("127.0.0.1", "shop.example"), {}, "{}")
    assert not answer.ok and "inside" in answer.why and receiver.heard == []


async def test_who_answers_is_looked_at_before_anything_is_sent(receiver: Receiver) -> None:
    """A resolver that lies, a network that turns a connection round: the peer itself is inside."""

    class Lying(Pinned):
        async def resolve(self, host: str, port: int = 0, family: object = None) -> list[ResolveResult]:
            return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=2, proto=0, flags=4)]

    connector = Connector(Lying(()), use_dns_cache=False, force_close=True)
    async with aiohttp.ClientSession(connector=connector) as session:
        with pytest.raises(aiohttp.ClientOSError, match="inside") as refused:
            await session.post(receiver.url.replace("127.0.0.1", "shop.example"), data=b"secret")
    assert isinstance(refused.value.__cause__, NotReachable) and receiver.heard == []
    await connector.close()


# --- whatever somebody types ------------------------------------------------------------------------------------------


@cache
def _alike() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = dict.fromkeys("0123456789.", ())
    for each in map(chr, (*range(0xD800), *range(0xE000, 0x110000))):
        if (sign := unicodedata.normalize("NFKC", each)) in found:
            found[sign] += (each,)
    return found


def alike(sign: str) -> tuple[str, ...]:
    """Every sign that becomes this one."""
    found = _alike()[sign]
    return (*found, "。", "｡", "．") if sign == "." else found


@st.composite
def disguised(draw: st.DrawFn) -> str:
    inner = draw(st.sampled_from(["127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.1.1", "2130706433", "127.1"]))
    return "".join(draw(st.sampled_from(alike(sign))) for sign in inner)


@settings(max_examples=400)
@given(disguised())
def test_no_disguise_of_digits(host: str) -> None:
    """What becomes an address inside is one; signs newer than IDNA's tables make a name, whose look-up is judged."""
    url = f"https://{host}/"
    assert never_reached(url, ()) or (not is_ip_address(URL(url).raw_host) and literal(dialled(url)) is None)


def test_the_disguises_are_known() -> None:
    """The test above would prove little if most of them were names."""
    plain = [f"https://{sign}27.0.0.1/" for sign in alike("1")] + [f"https://127{sign}0.0.1/" for sign in alike(".")]
    assert sum(never_reached(each, ()) for each in plain) > 0.8 * len(plain) > 12


@settings(max_examples=400)
@given(
    disguised()
    | st.text(
        st.characters(categories=["Nd", "No", "Po"]) | st.sampled_from("0123456789.x:[]%"), min_size=1, max_size=24
    )
)
@example("[::1]")
@example("①②⑦.0.0.1")
def test_what_is_dialled_without_a_look_up_was_judged(host: str) -> None:
    """aiohttp asks no resolver where it sees an address: whatever it takes for one, we do."""
    try:
        url = URL(f"https://{host}/")
    except ValueError:
        return
    if not is_ip_address(url.raw_host):
        return  # a name: its look-up is judged
    try:
        at = literal(dialled(str(url)))
    except ValueError:
        return  # nothing that is dialled at all
    assert at is not None and never_reached(str(url), ()) is not may_reach(str(at), ())


# --- when a webhook is made -------------------------------------------------------------------------------------------


def made(desk: Desk, url: str) -> object:
    from central.organisation.webhooks import CreateWebhook

    return CreateWebhook(
        id=new_id(),
        context_id=desk.house.institution,
        code=f"H{new_id()[-6:]}",
        names={"fr": "x"},
        url=url,
        entities=("site",),
    )


async def test_a_webhook_that_nothing_could_reach_is_not_made(desk: Desk) -> None:
    for host in ("10.0.0.1", "①⑥⑨.②⑤④.①⑥⑨.②⑤④", "[::10.0.0.1]", "[64:ff9b::a00:1]", "[2002:a00:1::1]"):
        refused = await desk.no(made(desk, f"https://{host}/in"))
        assert [each["what"] for each in refused.detail["faults"]] == ["never_reached"], host
    await desk.do(made(desk, "http://127.0.0.1:8000/in"))  # which this house names


async def test_nor_moved_there(desk: Desk) -> None:
    from central.kernel.crud import command_of
    from central.kernel.privileges import Action
    from central.organisation.webhooks import Webhook

    change = command_of(Action.MODIFY, Webhook)
    hook = await desk.do(made(desk, "https://shop.example/in"))
    assert (await desk.no(change(id=hook, set={"url": "https://１０.0.0.1/"}))).detail["faults"][0]["at"] == "url"
    await desk.do(change(id=hook, set={"names": {"fr": "y"}}))
