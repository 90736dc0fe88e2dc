"""The page of an SMTP account in trouble: a certificate to look at, steps, lanes and limits."""

from datetime import timedelta

from playwright.sync_api import Page, Route, expect

from dakiya.db import SessionFactory
from dakiya.delivery.trouble import slow_down
from dakiya.delivery.used_before import set_sent_elsewhere
from dakiya.models import Security, SmtpAccount
from tests.e2e.conftest import DESKTOP, OpenPage, Site, assert_every_look_is_sound
from tests.e2e.soundness import assert_page_is_sound
from tests.e2e.test_shell import make_campaigns
from tests.engine.world import make_account, make_campaign, make_sending, use_pace
from tests.recorder import Behaviour
from tests.recorder.authority import Authority
from tests.recorder.plugin import StartRecorder
from tests.sender.name_server import NameServer


def test_certificate_is_looked_at_and_trusted(
    open_page: OpenPage,
    pages: list[Page],
    site: Site,
    session_factory: SessionFactory,
    recorder: StartRecorder,
    authority: Authority,
) -> None:
    server = recorder(
        behaviour=Behaviour(starttls=True), certificate=authority.self_sign("127.0.0.1")
    )
    with session_factory.begin() as session:
        account = make_account(
            session,
            site.workspace_id,
            server.port,
            name="Office server",
            security=Security.STARTTLS,
            is_default=True,
        )
        place = f"/smtp-accounts/{account.id}"
    site.installation.start("sender")
    page = open_page(DESKTOP)
    page.goto(place)
    page.get_by_role("button", name="Send a test mail").click()
    expect(page.get_by_text("The certificate that the server shows")).to_be_visible()
    expect(page.get_by_text("The server vouches for itself")).to_be_visible()
    expect(page.get_by_text("EHLO", exact=False).first).to_be_visible()
    for each in pages:
        each.goto(place)
        assert_page_is_sound(each, "smtp-account-certificate")
        each.goto(f"{place}/trust")
        assert_page_is_sound(each, "smtp-account-trust")
    page.get_by_role("link", name="Trust exactly this certificate").click()
    page.get_by_role("button", name="Trust exactly this certificate").click()
    expect(page.get_by_text("The certificate is trusted.")).to_be_visible()
    page.get_by_role("button", name="Send a test mail").click()
    expect(page.get_by_text("This account works")).to_be_visible()
    assert len(server.received()) == 1
    for each in pages:
        each.goto(place)
        assert_page_is_sound(each, "smtp-account-trusted")


def test_account_says_what_goes_through_it_and_what_slows_it(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        make_campaigns(session, site)
        account = session.get_one(SmtpAccount, 1)
        account.host, account.per_day, account.per_minute = "smtp.gmail.com", 5_000, 30
        slow_down(session, account.id, observed=30)
        use_pace(session, account, mails=4_000, age=timedelta(hours=3))
        session.refresh(account)
        set_sent_elsewhere(session, account, 1_000)
        make_account(session, site.workspace_id, 587, name="Another", host="smtp.example.org")
        session.commit()
    page = open_page(DESKTOP)
    page.goto("/smtp-accounts/1")
    expect(page.get_by_text("What goes through it")).to_be_visible()
    expect(page.get_by_text("Slowed down to 15 mails a minute")).to_be_visible()
    expect(page.get_by_text("publishes a limit of 2,000 mails a day")).to_be_visible()
    assert_every_look_is_sound(page, "smtp-account-lanes")
    page.goto("/smtp-accounts")
    assert_every_look_is_sound(page, "smtp-accounts-two")
    page.goto("/smtp-accounts/new?preset=microsoft365")
    assert_every_look_is_sound(page, "smtp-account-preset")
    page.goto("/smtp-accounts/new?preset=ses")
    page.get_by_label("Region").select_option("Europe (Ireland)")
    page.get_by_role("button", name="Use this region").click()
    expect(page.get_by_label("Server", exact=True)).to_have_value(
        "email-smtp.eu-west-1.amazonaws.com"
    )
    assert_every_look_is_sound(page, "smtp-account-region")


def test_forecast_is_told_before_scheduling_and_while_sending(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        account = make_account(session, site.workspace_id, 587, name="Shop", per_day=100)
        use_pace(session, account, mails=90, age=timedelta(hours=3))
        slow_down(session, account.id, observed=30)
        sending = make_sending(session, account, 250)
        draft = make_campaign(session, account, 120, start=False)
        later = make_campaign(session, account, 60, in_s=86_400)
        session.commit()
        ids = account.id, sending.id, draft.id, later.id
    page = open_page(DESKTOP)
    page.goto(f"/smtp-accounts/{ids[0]}")
    lane = page.locator(".card", has_text="What goes through it")
    expect(lane).to_contain_text("310 left, about 3 days on this account: 100 mails a day.")
    expect(lane).to_contain_text("250 left, done")
    expect(lane).to_contain_text("Mails that servers put off take longer.")
    assert_every_look_is_sound(page, "forecast-account")
    page.goto(f"/campaigns/{ids[1]}")
    expect(page.get_by_text("About 3 days on this account: 100 mails a day.")).to_be_visible()
    expect(page.get_by_text("1 other campaign shares the account")).to_be_visible()
    assert_every_look_is_sound(page, "forecast-sending")
    page.goto(f"/campaigns/{ids[2]}/edit/review?when=now")
    expect(page.get_by_text("2 other campaigns share the account")).to_be_visible()
    assert_every_look_is_sound(page, "forecast-review")


def test_domain_is_looked_up_and_explained(
    open_page: OpenPage, pages: list[Page], site: Site, session_factory: SessionFactory
) -> None:
    with session_factory.begin() as session:
        account = make_account(
            session, site.workspace_id, 587, host="smtp.gmail.com", from_email="asha@shop.example"
        )
        place = f"/smtp-accounts/{account.id}"
    zone = {
        "shop.example": ["v=spf1 mx ~all", "MX 1 aspmx.l.google.com."],
        "other.example": ["MX 0 other-example.mail.protection.outlook.com."],
        "s1._domainkey.shop.example": ["v=DKIM1; p="],
        "_dmarc.shop.example": ["v=DMARC1; p=none"],
    }
    held: list[Route] = []
    with NameServer(zone) as names:
        site.installation.start("sender", DAKIYA_DNS_SERVERS=names.address)
        page = open_page(DESKTOP)
        page.goto(place)
        page.get_by_role("button", name="Look it up").click()
        expect(page.get_by_text("Does not name your provider")).to_be_visible()
        page.goto("/smtp-accounts/new")
        page.get_by_label("Your address there").fill("asha@other.example")
        page.get_by_role("button", name="Suggest a server").click()
        expect(page.get_by_text("asha@other.example is hosted by Microsoft 365")).to_be_visible()
        assert_page_is_sound(page, "smtp-account-suggested")
        page.route("**/smtp-accounts/server?*", lambda route: held.append(route))  # noqa: PLW0108 - none bound
        with page.expect_request("**/smtp-accounts/server?*"):
            page.get_by_label("Server", exact=True).fill("smtp.gmail.com")
            page.get_by_label("Password").fill("never in an address")
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.get_by_label("User name").fill("asha@gmail.com")
        page.get_by_label("User name").blur()
        page.unroute("**/smtp-accounts/server?*")  # lets those go on that are held
        expect(page.get_by_text("it gets those of Gmail when you save: 500 mails")).to_be_visible()
        assert not [url for url in asked if "never" in url]
        assert_page_is_sound(page, "smtp-account-recognised")
        page.get_by_role("link", name="Fill in Microsoft 365").click()
        expect(page.get_by_label("User name")).to_have_value("asha@other.example")
        page.goto(place)
    expect(page.get_by_text("The record holds no key any more")).to_be_visible()
    expect(page.get_by_text("Enough, but protects nobody")).to_be_visible()
    for each in pages:
        each.goto(place)
        assert_page_is_sound(each, "smtp-account-domain")
