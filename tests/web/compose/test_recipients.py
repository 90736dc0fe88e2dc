"""Recipients pasted and uploaded: the good are taken, and the rest is not lost."""

import re
from io import BytesIO
from json import dumps

from flask.testing import FlaskClient
from sqlalchemy import text

from dakiya.db import SessionFactory
from tests.web.browsing import form_of, send
from tests.web.conftest import Person, make_campaign
from tests.web.database import value

BAD = "broken@@example.org"


def test_pasted_mess_is_taken_and_the_rest_stays_in_the_box(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(alice, recipients=[])
    url = f"/campaigns/{campaign_id}/edit"
    action = f"{url}/recipients/paste"
    mess = f"“Rao, Asha” <asha@example.org>; {BAD}\n<script>alert(1)</script>\nok@example.org"
    answer = client.post(action, data={**form_of(client.get(url).text, action), "pasted": mess})
    assert answer.status_code == 422
    assert "2 recipients added" in answer.text
    box = re.search(r"<textarea[^>]*>(.*?)</textarea>", answer.text, re.DOTALL)
    assert box
    assert box[1].strip().splitlines() == [BAD, "&lt;script&gt;alert(1)&lt;/script&gt;"]
    assert value(session_factory, "SELECT name FROM recipient ORDER BY id LIMIT 1") == "Rao, Asha"
    fine = client.post(action, data={**form_of(answer.text, action), "pasted": "late@example.org"})
    assert fine.status_code == 303


def test_pasted_repeats_are_counted_as_the_box_holds_them(
    client: FlaskClient, alice: Person
) -> None:
    campaign_id = make_campaign(alice, recipients=[])
    url = f"/campaigns/{campaign_id}/edit"
    action = f"{url}/recipients/paste"
    mess = f"{BAD}\njunk\n{BAD}\n{BAD}"
    answer = client.post(action, data={**form_of(client.get(url).text, action), "pasted": mess})
    assert "4 entries were not taken. Without repeats 2 are in the box below" in answer.text
    mess = "junk\njunk"
    answer = client.post(action, data={**form_of(client.get(url).text, action), "pasted": mess})
    assert "2 entries were not taken. Without repeats 1 is in the box below" in answer.text


def test_ten_thousand_pasted_addresses_fit(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice, recipients=[])
    url = f"/campaigns/{campaign_id}/edit"
    action = f"{url}/recipients/paste"
    pasted = "\n".join(
        f"Person Number {n} <person.number.{n}@mail.example.org>" for n in range(10_000)
    )
    answer = client.post(action, data={**form_of(client.get(url).text, action), "pasted": pasted})
    assert answer.status_code == 303
    assert alice.api.get(f"/campaigns/{campaign_id}").json["recipients"] == 10_000


def test_file_leads_to_the_page_of_its_import(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice, recipients=[])
    url = f"/campaigns/{campaign_id}/edit"
    action = f"{url}/recipients/file"
    hidden = form_of(client.get(url).text, action)
    upload = {**hidden, "file": (BytesIO(b"email\nx@example.org\n"), "<b>.csv")}
    answer = client.post(action, data=upload)
    assert answer.status_code == 303
    page = client.get(answer.headers["Location"])
    assert "&lt;b&gt;.csv" in page.text
    assert client.get(f"{answer.headers['Location']}/progress").get_json()["busy"] is True
    nothing = client.post(action, data={**hidden, "file": (BytesIO(b""), "")})
    assert nothing.status_code == 422
    assert "Choose a file first." in nothing.text
    said = client.post(
        action, data={**hidden, "file": (BytesIO(b""), "a.csv")}, headers={"X-Fragment": "1"}
    )
    assert (said.status_code, said.json) == (422, {"error": "The file is empty."})


def test_rejected_rows_are_a_csv_that_runs_nothing(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(alice, recipients=[])
    with session_factory() as session:
        session.execute(
            text(
                "INSERT INTO recipient_import (workspace_id, campaign_id, filename, status)"
                " SELECT workspace_id, id, 'a.csv', 'done' FROM campaign WHERE id = :id"
            ),
            {"id": campaign_id},
        )
        columns = [
            {"header": "Name", "role": "name", "field": "name"},
            {"header": "", "role": "email", "field": "email"},
            {"header": "=City", "role": "field", "field": "city"},
        ]
        session.execute(
            text("UPDATE recipient_import SET columns = :columns"), {"columns": dumps(columns)}
        )
        session.execute(
            text(
                "INSERT INTO import_rejection VALUES (1, 7, '=1+1', 'no address', NULL),"
                ' (1, 9, \'x\', \'the @ is missing\', \'["Asha", "x", "@Pune", "more"]\')'
            )
        )
        session.commit()
    answer = client.get("/imports/1/rejected.csv")
    assert answer.data.decode("utf-8-sig").splitlines() == [
        "row,error,Name,email,'=City",
        "7,No address.,,'=1+1",
        "9,The @ is missing.,Asha,x,'@Pune,more",
    ]


def test_remove_all_asks_first(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice)
    url = f"/campaigns/{campaign_id}/edit/recipients/remove"
    assert "Remove 1 recipient?" in client.get(url).text
    assert send(client, url).status_code == 303
    assert alice.api.get(f"/campaigns/{campaign_id}").json["recipients"] == 0
