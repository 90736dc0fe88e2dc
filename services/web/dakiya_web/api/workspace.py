"""What holds for a whole workspace, by API."""

from flask import jsonify
from flask.typing import ResponseReturnValue

from dakiya.accounts.postal import clean_postal_address, postal_address_of, set_postal_address
from dakiya.errors import InvalidInput
from dakiya_web.api.blueprint import api, asking, json_body
from dakiya_web.input.reader import FieldReader
from dakiya_web.wiring import request_session

# Far above what an address may have: its own check tells what is too much.
_MAX_CHARS = 10_000


@api.get("/workspace")
def show_workspace() -> ResponseReturnValue:
    """The token's workspace."""
    return _answer()


@api.patch("/workspace")
def change_workspace() -> ResponseReturnValue:
    """Change the postal address, which stands below each mail; empty or null for none."""
    reader = FieldReader(json_body())
    written = reader.text("postal_address", max_chars=_MAX_CHARS, required=False)
    try:
        clean_postal_address(written)
    except InvalidInput as error:
        reader.wrong("postal_address", str(error))
    reader.finish()
    session = request_session()
    set_postal_address(session, asking().workspace_id, written)
    session.commit()
    return _answer()


def _answer() -> ResponseReturnValue:
    return jsonify(
        postal_address=postal_address_of(request_session(), asking().workspace_id) or None
    )
