"""The checks of a whole draft."""

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from dakiya.accounts.users import create_user, workspace_of
from dakiya.campaigns import drafts
from dakiya.campaigns.checks.check import Checked, check_campaign
from dakiya.campaigns.checks.finding import Place
from dakiya.campaigns.content import Content
from dakiya.clock import utc_now
from dakiya.domains.records import Findings
from dakiya.domains.register import record_check, request_check
from dakiya.link_checks.register import Found, ask_for, record, take
from dakiya.media.library import NewPicture, add_picture, path_of, remove_picture
from dakiya.media.storage import FolderStore
from dakiya.models import (
    Campaign,
    ContentKind,
    LinkVerdict,
    Recipient,
    Security,
    Workspace,
)
from dakiya.templates.starters import KEYS, find_starter
from tests.engine.world import make_account
from tests.shared.mail.rich.documents import doc, node, paragraph

PUBLIC = "https://mail.dakiya.in"
WORDS = "A letter with enough to read in it that nobody takes it for a picture. " * 3


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """A draft that nothing speaks against."""
    user = create_user(session, email="asha@banyan.in", password="correct horse battery")
    workspace_id = workspace_of(session, user.id)
    session.get_one(Workspace, workspace_id).postal_address = "14 Lake Road, Pune"
    account = make_account(
        session, workspace_id, 587, host="smtp.relay.in", security=Security.STARTTLS,
        from_email="asha@banyan.in",
    )  # fmt: skip
    campaign = drafts.create_campaign(
        session, workspace_id=workspace_id, name="x", account=account, timezone="Asia/Kolkata",
        content=Content("Six books", html=f"<p>{WORDS}</p>"),
    )  # fmt: skip
    session.add_all(
        Recipient(
            workspace_id=workspace_id, campaign_id=campaign.id, email=f"{n}@a.in",
            email_normalised=f"{n}@a.in", name="Ravi", fields={"city": "Pune"} if n else {},
        )
        for n in range(3)
    )  # fmt: skip
    session.flush()
    return campaign


def write(session: Session, campaign: Campaign, html: str, **more: str) -> None:
    drafts.set_content(session, campaign, Content(more.pop("subject", "Six books"), html=html))


def checks(checked: Checked) -> list[str]:
    return [finding.check for finding in checked.findings]


def check(session: Session, campaign: Campaign) -> Checked:
    return check_campaign(session, campaign, public_url=PUBLIC)


def test_good_draft_passes(session: Session, campaign: Campaign) -> None:
    assert check(session, campaign).findings == []


def test_fields_are_counted(session: Session, campaign: Campaign) -> None:
    write(session, campaign, f"<p>{WORDS} {{{{ city }}}}</p>")
    (found,) = check(session, campaign).warnings
    assert found.text.startswith("1 of 3 has no city")
    # With a default nothing is missing in the mail, and nothing is asked.
    for good in ('{{ city | default("your town") }}', "{% if city %}in {{ city }}{% endif %}"):
        write(session, campaign, f"<p>{WORDS} {good}</p>")
        checked = check(session, campaign)
        assert (checked.warnings, [note.check for note in checked.notes]) == (
            [], ["fields.missing"],
        )  # fmt: skip
    write(session, campaign, f"<p>{WORDS} {{{{ town }}}}</p>")
    checked = check(session, campaign)
    assert list(checked.errors_by_field) == ["html"]
    assert "No recipient has a field “town”" in checked.errors_by_field["html"][0]


def test_unknown_field_of_a_rich_subject_is_told_once_where_it_is_mended(
    session: Session, campaign: Campaign
) -> None:
    def told(subject: str, words: str) -> list[str]:
        content = Content(subject, kind=ContentKind.RICH, source=doc(paragraph(words)))
        drafts.set_content(session, campaign, content)
        return list(check(session, campaign).errors_by_field)

    assert told("Books for {{ town }}", WORDS) == ["subject"]
    assert told("Books for {{ town }}", f"{WORDS} {{{{ town }}}}") == ["subject", "html"]


def test_what_is_missing_leads_to_where_it_is_mended(session: Session, campaign: Campaign) -> None:
    session.get_one(Workspace, campaign.workspace_id).postal_address = " "
    account = campaign.smtp_account
    assert account is not None
    account.from_email = "asha@gmail.com"
    write(session, campaign, "<p> </p>", subject=" ")
    found = {finding.check: finding.place for finding in check(session, campaign).findings}
    assert found == {
        "sender.alignment": Place.ACCOUNT,
        "ready.subject": Place.CONTENT,
        "content.empty": Place.CONTENT,
        "address.missing": Place.PROFILE,
    }


def test_domain_is_told_once_it_was_looked_up(session: Session, campaign: Campaign) -> None:
    check_id = request_check(session, "banyan.in", now=utc_now(), again=False)
    assert check_id is not None
    assert check(session, campaign).findings == []
    record_check(session, check_id, Findings(dmarc=["v=DMARC1; p=none"]))
    session.expire_all()
    [finding] = check(session, campaign).warnings
    assert (finding.check, finding.place) == ("sender.domain", Place.DOMAIN)
    assert "@banyan.in" in finding.text


def test_draft_of_nothing_is_told_all_at_once(session: Session, campaign: Campaign) -> None:
    campaign.content = None
    campaign.smtp_account_id = None
    session.flush()
    assert set(check(session, campaign).errors_by_field) == {"smtp_account_id", "html"}


def test_links_are_told_once_they_were_visited(session: Session, campaign: Campaign) -> None:
    write(session, campaign, f'<p>{WORDS}</p><a href="https://gone.in/x">Read on</a>')
    checked = check(session, campaign)
    assert (checked.urls, checked.waiting, checked.findings) == (["https://gone.in/x"], 0, [])
    ask_for(session, checked.urls, workspace_id=campaign.workspace_id, now=utc_now())
    assert check(session, campaign).waiting == 1
    (taken,) = take(session, campaign.workspace_id, limit=5)
    record(session, taken.id, Found(LinkVerdict.MISSING, "It answers 404.", 404))
    checked = check(session, campaign)
    assert (checks(checked), checked.waiting) == (["links.broken"], 0)


def test_links_of_a_text_that_somebody_wrote_are_checked_too(
    session: Session, campaign: Campaign
) -> None:
    link = "https://gone.in/x"
    html = f'<p>{WORDS}</p><a href="{link}">Read on</a>'
    text = f"Read on: {link} or https://gone.in/y, http://plain.in/ {{{{ unsubscribe_url }}}}"
    drafts.set_content(session, campaign, Content("Six books", html=html, text=text))
    checked = check(session, campaign)
    assert checked.urls == [link, "https://gone.in/y", "http://plain.in/"]
    (plain,) = checked.findings
    assert (plain.check, plain.field, plain.find) == ("links.insecure", "text", "http://plain.in/")
    ask_for(session, checked.urls, workspace_id=campaign.workspace_id, now=utc_now())
    for taken in take(session, campaign.workspace_id, limit=2):
        record(session, taken.id, Found(LinkVerdict.MISSING, "It answers 404.", 404))
    # What the HTML says as well is told once.
    told = [(found.check, found.field, found.find) for found in check(session, campaign).findings]
    assert told == [
        ("links.broken", "html", link),
        ("links.broken", "text", "https://gone.in/y"),
        ("links.insecure", "text", "http://plain.in/"),
    ]


def test_pictures_are_weighed_by_the_library_and_by_visits(
    session: Session, campaign: Campaign, tmp_path: Path
) -> None:
    store = FolderStore(tmp_path)
    picture = NewPicture(b"x" * 600_000, "image/png", "png", 100, 100, is_animated=False)
    file = add_picture(
        session, picture, workspace_id=campaign.workspace_id, name="lamp.png", store=store,
        quota_bytes=10**9,
    )  # fmt: skip
    outside = "https://elsewhere.in/big.jpg"
    ours = f"{PUBLIC}{path_of(file)}"
    images = f'<img src="{ours}" alt="A lamp"><img src="{outside}" alt="x">'
    write(session, campaign, f"<p>{WORDS}</p>{images}")
    ask_for(session, [outside], workspace_id=campaign.workspace_id, now=utc_now())
    (taken,) = take(session, campaign.workspace_id, limit=5)
    found = Found(LinkVerdict.FINE, "It answers 200.", 200, "image/jpeg", 2_000_000)
    record(session, taken.id, found)
    (heavy,) = check(session, campaign).findings
    assert heavy.about == ("lamp.png: 0.6 MB", "big.jpg: 2.0 MB")
    remove_picture(session, file)
    assert "pictures.missing" in checks(check(session, campaign))


def test_picture_of_a_rich_mail_is_described_or_decoration(
    session: Session, campaign: Campaign
) -> None:
    url = "https://a.in/lamp.png"
    for attrs, found in (
        ({}, ["pictures.alt"]),
        ({"alt": ""}, ["pictures.alt"]),
        ({"alt": "A lamp"}, []),
        ({"decorative": True}, []),
    ):
        columns = node("columns", *(node("column", paragraph(WORDS)) for _ in "ab"))
        columns["content"][1]["content"].append(node("image", src=url, **attrs))
        content = Content("Six books", kind=ContentKind.RICH, source=doc(columns))
        drafts.set_content(session, campaign, content)
        checked = check(session, campaign)
        assert [finding.check for finding in checked.findings] == found
        assert [finding.find for finding in checked.findings] == [url] * len(found)


def test_mail_that_gmail_would_cut_is_told_with_its_footer(
    session: Session, campaign: Campaign
) -> None:
    write(session, campaign, "<p>" + "word " * 21_000 + "</p>")
    (found,) = check(session, campaign).findings
    assert found.check == "size.gmail"


def test_html_that_is_left_open_is_told_where_that_is_certain(
    session: Session, campaign: Campaign
) -> None:
    write(session, campaign, "<p>Dear {{ name | default('x') }}</p>\n<div><b>Six books</b>")
    [finding] = check(session, campaign).findings
    assert finding.check == "html.unclosed"
    assert finding.about == ("<div> on line 2 is never closed",)
    write(session, campaign, "{% if name %}<div>a{% else %}<div>b{% endif %}</div>")
    assert "html.unclosed" not in checks(check(session, campaign))


def test_mail_of_text_alone_is_checked_too(session: Session, campaign: Campaign) -> None:
    content = Content("Six books", kind=ContentKind.TEXT, text=f"{WORDS} http://shop.in/")
    drafts.set_content(session, campaign, content)
    assert checks(check(session, campaign)) == ["links.insecure"]


@pytest.mark.parametrize("key", KEYS)
def test_starters_pass_but_for_links_that_wait_for_their_owner(
    session: Session, campaign: Campaign, key: str
) -> None:
    starter = find_starter(key, lambda name: f"{PUBLIC}/m/starter-1/{name}")
    assert starter is not None
    drafts.set_content(session, campaign, starter.content)
    checked = check(session, campaign)
    assert checked.errors == []
    assert set(checks(checked)) <= {"links.placeholder"}
