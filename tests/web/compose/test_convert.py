"""A copy in another way to write it: what is lost is told first, and the campaign stays."""

from flask.testing import FlaskClient

from tests.shared.mail.rich.documents import FULL
from tests.web.browsing import csrf_token, form_of
from tests.web.conftest import Person, make_campaign


def test_copy_is_written_in_another_way(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice, kind="rich", html=None, source=FULL)
    assert (
        f"/campaigns/{campaign_id}/convert?to=text"
        in client.get(f"/campaigns/{campaign_id}/edit/content").text
    )
    asked = client.get(f"/campaigns/{campaign_id}/convert?to=text").text
    assert "pictures (2)" in asked
    assert "plain text" in asked
    url = f"/campaigns/{campaign_id}/convert"
    answer = client.post(url, data=form_of(asked, url))
    assert answer.status_code == 303
    copy_id = int(answer.location.split("/campaigns/")[1].split("/")[0])
    copy = alice.api.get(f"/campaigns/{copy_id}").json
    assert (copy["kind"], copy["recipients"], copy["status"]) == ("text", 1, "draft")
    assert "Happy Diwali" in copy["text"]
    assert alice.api.get(f"/campaigns/{campaign_id}").json["source"] == FULL
    assert "written as plain text" in client.get(answer.location).text


def test_way_that_does_not_exist_and_mail_without_content_are_not_found(
    client: FlaskClient, alice: Person
) -> None:
    campaign_id = make_campaign(alice)
    assert client.get(f"/campaigns/{campaign_id}/convert?to=blocks").status_code == 404


def test_mail_of_which_a_half_would_be_left_is_not_converted(
    client: FlaskClient, alice: Person
) -> None:
    campaign_id = make_campaign(alice, html='<p title="{% if vip %}">x</p>{% endif %}', text="x")
    url = f"/campaigns/{campaign_id}/convert"
    for answer in (
        client.get(f"{url}?to=rich"),
        client.post(url, data={"to": "rich", "csrf_token": csrf_token(client, "/profile")}),
    ):
        assert answer.status_code == 303
    assert "has no {% if %} before it" in client.get(answer.location).text
    assert len(alice.api.get("/campaigns").json["items"]) == 1
