"""What the modules of every page do: questions in a dialog, one sending, figures that follow."""

import re

from playwright.sync_api import Page, Route, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from dakiya.accounts.tokens import create_token
from dakiya.db import SessionFactory
from dakiya.models import ApiToken, Campaign, User
from tests.e2e.conftest import DESKTOP, NO_JAVASCRIPT, PHONE, OpenPage, Site
from tests.e2e.soundness import assert_page_is_sound
from tests.e2e.test_shell import make_campaigns


def make_token(session: Session, site: Site) -> None:
    create_token(session, user=session.get_one(User, site.user_id), name="Reports")
    session.commit()


def revoke(page: Page) -> None:
    page.goto("/tokens")
    page.locator("a[data-confirm]").click()


def test_question_is_asked_in_a_dialog_that_can_be_left_by_keyboard(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        make_token(session, site)
    for look in (PHONE, DESKTOP):
        page = open_page(look)
        revoke(page)
        dialog = page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        expect(page).to_have_url(re.compile("/tokens$"))
        assert_page_is_sound(page, "question")
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(page.locator("a[data-confirm]")).to_be_focused()
        page.locator("a[data-confirm]").click()
        dialog.locator("[data-dismiss]").click()
        expect(dialog).to_have_count(0)
    with session_factory() as session:
        assert session.scalars(select(ApiToken.revoked_at)).all() == [None]


def test_answer_in_the_dialog_acts(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        make_token(session, site)
    page = open_page(DESKTOP)
    revoke(page)
    page.get_by_role("dialog").locator("button[type=submit]").click()
    expect(page.locator("a[data-confirm]")).to_have_count(0)
    with session_factory() as session:
        assert None not in session.scalars(select(ApiToken.revoked_at)).all()


def test_question_is_a_page_without_scripts(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        make_token(session, site)
    page = open_page(NO_JAVASCRIPT)
    revoke(page)
    expect(page).to_have_url(re.compile("/revoke$"))
    page.locator("[data-question] button[type=submit]").click()
    expect(page).to_have_url(re.compile("/tokens"))
    with session_factory() as session:
        assert None not in session.scalars(select(ApiToken.revoked_at)).all()


def test_figures_stop_in_words_when_the_server_does_not_answer(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        make_campaigns(session, site)
        campaign_id = session.scalar(select(Campaign.id).where(Campaign.name.contains("alert")))
    page = open_page(DESKTOP)
    page.goto(f"/campaigns/{campaign_id}")
    url = page.locator("[data-live-url]").first.get_attribute("data-live-url")
    assert url

    def drop(route: Route) -> None:
        route.abort()

    page.route(f"**{url.partition('?')[0]}*", drop)
    away = page.locator('[data-live-trouble="away"]').first
    expect(away).to_be_visible(timeout=30_000)
    page.unroute_all()
    expect(away).to_be_hidden(timeout=60_000)
    page.context.clear_cookies()
    expect(page.locator('[data-live-trouble="ended"]').first).to_be_visible(timeout=60_000)


def test_form_is_sent_once_whatever_the_mouse_does(open_page: OpenPage) -> None:
    page = open_page(DESKTOP)
    page.goto("/tokens")
    page.locator("main input[name=name]").fill("Twice")
    sent = page.get_by_role("button", name="Make a token").evaluate(
        """(button) => {
            let sent = 0;
            addEventListener("submit", (event) => {
                sent += event.defaultPrevented ? 0 : 1;
                event.preventDefault();
            });
            for (const _ of "123") button.click();
            return sent;
        }"""
    )
    assert sent == 1
