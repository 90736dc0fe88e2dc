"""The way to every route of some kinds, with what alice owns in its path."""

from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from tests.web.conftest import Api
from tests.web.isolation.cases import CASES, Case, Kind, World


def routes(app: Flask) -> list[tuple[Rule, str]]:
    return [
        (rule, method)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def routes_of(app: Flask, *kinds: Kind) -> list[tuple[Rule, str, Case]]:
    """The cases of some kinds, in the order of `CASES`."""
    found = {(rule.endpoint, method): rule for rule, method in routes(app)}
    return [(found[key], key[1], case) for key, case in CASES.items() if case.kind in kinds]


def path_of(rule: Rule, case: Case, world: World) -> str:
    ids = dict(world.ids)
    if case.running:
        ids["campaign_id"] = world.running_campaign_id
    built = rule.build({name: ids[name] for name in rule.arguments}, append_unknown=False)
    assert built is not None
    return str(built[1])


def call(api: Api, rule: Rule, method: str, case: Case, world: World) -> Any:
    path = path_of(rule, case, world).removeprefix("/api/v1")
    return api(method, path, case.body(world) if case.body else None)


def open_page(client: FlaskClient, rule: Rule, method: str, case: Case, world: World) -> Any:
    body = case.body(world) if case.body else None
    return client.open(path_of(rule, case, world), method=method, data=body)
