"""Codes out of a telephone: setting them up, being made to, using them once, losing the telephone."""

from datetime import timedelta

import pytest
from pyotp import TOTP

from central.organisation.grants import GiveRole, TakeRole
from central.organisation.model import SignInSession
from central.organisation.operators import ClearSecondFactor
from central.organisation.second_factor import STEP_S, bare, new_recovery_codes, new_seed, picture, step_of
from shared.ids import Id
from tests.central.organisation.conftest import CODE, PASSWORD, Browser, People
from tests.central.small_house import NOW

HALF = timedelta(seconds=STEP_S)


async def enrolled(people: People) -> tuple[Browser, TOTP, list[str]]:
    """Jeanne at her account, with a telephone."""
    browser = await people.browser().sign_in(next="/me/second-factor")
    phone = browser.totp()
    sealed = browser.text.split('name="sealed" value="')[1].partition('"')[0]
    await browser.post("/me/second-factor", sealed=sealed, now=PASSWORD, code=browser.code(phone))
    codes = CODE.findall(browser.text)
    assert len(codes) == 10, browser.text
    return browser, phone, codes


async def test_set_up_then_asked_for(people: People, jeanne: Id) -> None:
    before = await people.browser().sign_in(next="/me")
    here, phone, _ = await enrolled(people)
    assert (await here.get("/me")).path == "/me", "who set it up is in with it"
    assert (await before.get("/me")).path == "/sign-in", "every other session ended"
    people.watch.at += HALF
    browser = await people.browser().sign_in(next="/me")
    assert browser.path == "/sign-in/code"
    assert (await browser.get("/me")).path == "/sign-in/code", "half a session opens nothing"
    half = browser.token()
    await browser.post("/sign-in/code", code="000000")
    assert browser.status == 400 and browser.path == "/sign-in/code"
    await browser.post("/sign-in/code", code=browser.code(phone), next="/me")
    assert browser.path == "/me"
    assert browser.token() != half, "a new token with every step in"
    (session,) = [each for each in await people.rows(SignInSession) if each.began == people.watch.at]
    assert session.second_factor
    mails = await people.post_mail()
    assert "second facteur protège" in mails[0].get_content()


async def test_a_code_opens_once_and_none_before_it(people: People, jeanne: Id) -> None:
    _, phone, _ = await enrolled(people)
    people.watch.at += 2 * HALF
    code = phone.at(people.watch.at)
    first, second = await people.browser().sign_in(), await people.browser().sign_in()
    assert (await first.post("/sign-in/code", code=code, next="/me")).path == "/me"
    assert (await second.post("/sign-in/code", code=code)).status == 400, "read over a shoulder"
    assert (await second.post("/sign-in/code", code=phone.at(people.watch.at - HALF))).status == 400
    people.watch.at += HALF
    assert (await second.post("/sign-in/code", code=second.code(phone), next="/me")).path == "/me"


async def test_recovery_codes_once_each(people: People, jeanne: Id) -> None:
    _, _, codes = await enrolled(people)
    first = await people.browser().sign_in()
    typed = codes[0].lower().replace("-", " ")
    assert (await first.post("/sign-in/code", code=typed, next="/me")).path == "/me"
    assert "9 codes de secours" in first.text
    second = await people.browser().sign_in()
    assert (await second.post("/sign-in/code", code=codes[0])).status == 400
    assert (await second.post("/sign-in/code", code=codes[1], next="/me")).path == "/me"
    await second.post("/me/codes", now=PASSWORD)
    anew = CODE.findall(second.text)
    assert len(anew) == 10 and not set(anew) & set(codes)
    third = await people.browser().sign_in()
    assert (await third.post("/sign-in/code", code=codes[2])).status == 400, "the old sheet is void"
    assert any("codes de secours vient de servir" in mail.get_content() for mail in await people.post_mail())


async def test_a_profile_demands_it_before_anything_else(people: People, jeanne: Id) -> None:
    paul = await people.person("Paul", "paul@tilleuls.example", "orders")
    browser = await people.browser().sign_in("paul@tilleuls.example", next="/me")
    strict = await people.profile("ledger", second_factor=True)
    await people.do(GiveRole(operator_id=paul, profile_id=strict, context_id=people.house.institution))
    for page in ("/me", f"/admin/who/{paul}", "/admin/operators/new"):
        assert (await browser.get(page)).path == "/sign-in/second-factor", "from the next request on"
    phone = browser.totp()
    sealed = browser.text.split('name="sealed" value="')[1].partition('"')[0]
    await browser.post("/sign-in/second-factor", sealed=sealed, code="123")
    assert browser.status == 400 and browser.totp().secret == phone.secret, "the same key, whatever was typed"
    await browser.post("/sign-in/second-factor", sealed=sealed, code=browser.code(phone))
    assert len(CODE.findall(browser.text)) == 10
    assert (await browser.get("/me")).path == "/me"
    assert "ne se retire pas" in browser.text
    await browser.post("/me/second-factor/remove", now=PASSWORD)
    assert (await people.operator(paul)).totp


async def test_taken_away_where_nobody_demands_it(people: People, jeanne: Id) -> None:
    browser, _, _ = await enrolled(people)
    await browser.get("/me")
    await browser.post("/me/second-factor/remove", now="wrong password")
    assert (await people.operator(jeanne)).totp
    await browser.post("/me/second-factor/remove", now=PASSWORD)
    assert not (await people.operator(jeanne)).totp and browser.path == "/me"


async def test_a_lost_telephone_is_the_administrators_business(people: People, jeanne: Id) -> None:
    browser, _, _ = await enrolled(people)
    await people.do(ClearSecondFactor(operator_id=jeanne))
    assert (await browser.get("/me")).path == "/sign-in"
    assert (await people.browser().sign_in(next="/me")).path == "/me"


async def test_the_seed_lies_sealed(people: People, jeanne: Id) -> None:
    _, phone, codes = await enrolled(people)
    kept = await people.operator(jeanne)
    assert phone.secret not in repr(kept) and not any(bare(code) in repr(kept) for code in codes)
    vault = people.way_in.vault
    assert vault.open(kept.totp, jeanne) == phone.secret
    assert vault.open(kept.totp, people.house.admin) is None, "copied to another row it opens nothing"


async def test_guessing_codes_is_slowed_down(people: People, jeanne: Id) -> None:
    _, phone, _ = await enrolled(people)
    people.watch.at += HALF
    browser = await people.browser().sign_in()
    for _ in range(5):
        assert (await browser.post("/sign-in/code", code="000000")).status == 400
    assert (await browser.post("/sign-in/code", code=browser.code(phone))).status == 429, "even the right one waits"
    people.watch.at += timedelta(minutes=1)
    assert (await browser.post("/sign-in/code", code=browser.code(phone), next="/me")).path == "/me"


async def test_taking_the_profile_away_lets_them_in_again(people: People, jeanne: Id) -> None:
    paul = await people.person("Paul", "paul@tilleuls.example")
    role = await people.do(
        GiveRole(
            operator_id=paul,
            profile_id=await people.profile("ledger", second_factor=True),
            context_id=people.house.institution,
        )
    )
    browser = await people.browser().sign_in("paul@tilleuls.example", next="/me")
    assert browser.path == "/sign-in/second-factor"
    await people.do(TakeRole(role_id=role))
    assert (await browser.get("/me")).path == "/me"


# --- the parts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "off, used_ago, good",
    [(0, 9, True), (-1, 9, True), (1, 9, True), (-2, 9, False), (2, 9, False),
     (0, 0, False), (-1, 0, False), (1, 0, True)],
)  # fmt: skip
def test_which_half_minute(off: int, used_ago: int, good: bool) -> None:
    seed, here = new_seed(), int(NOW.timestamp()) // STEP_S
    code = TOTP(seed).at(NOW + off * HALF)
    assert (step_of(seed, code, NOW, here - used_ago) == here + off) is good


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "12 34 5"])
def test_what_is_no_code(code: str) -> None:
    assert step_of(new_seed(), code, NOW, 0) is None


def test_recovery_codes_hold_75_bits_and_no_letter_that_looks_like_another() -> None:
    codes = new_recovery_codes()
    assert len({*codes}) == 10 and all(len(bare(code)) == 15 for code in codes)
    assert not {*"IO01"} & {*"".join(codes)}
    assert bare(codes[0].lower()) == bare(codes[0])


def test_the_picture_reads_back() -> None:
    svg = picture("otpauth://totp/La%20maison:jeanne?secret=ABC")
    assert svg.startswith("<svg") and "<script" not in svg and "style=" not in svg
