"""Preparing a campaign of a million recipients, and the pages meanwhile."""

import re
import statistics
import time
from collections.abc import Iterator
from datetime import timedelta

import requests

from dakiya.models import Campaign, CampaignStatus
from dakiya_dev.ports import first_free_port
from tests.bench.figures import Figure
from tests.bench.material import add_account, add_campaign, schedule_ahead
from tests.bench.stack import Stack
from tests.engine.installation import wait_until_it_answers

USER = "large@example.com"
PASSWORD = "a long enough password"  # of every user that the engine's tests make
PAGE_P95_MS = 300.0


def measure(stack: Stack, *, recipients: int = 1_000_000) -> Iterator[Figure]:
    """Let the scheduler write the ledger rows while somebody looks at pages."""
    account_id = add_account(stack.sessions, 1, USER)
    campaign_id = add_campaign(stack.sessions, account_id, recipients, ahead=None)
    stack.settle()
    port = first_free_port(5100)
    url = f"http://127.0.0.1:{port}"
    stack.start("web", DAKIYA_PORT=str(port), DAKIYA_PUBLIC_URL=url)
    stack.start("scheduler")
    wait_until_it_answers(url)
    browser = _logged_in(url)
    pages = [f"{url}/", f"{url}/campaigns", f"{url}/campaigns/{campaign_id}"]
    alone = _look(browser, pages, rounds=20)
    schedule_ahead(stack.sessions, campaign_id, timedelta(days=1))
    began_at = time.monotonic()
    meanwhile: list[float] = []
    while not _is_prepared(stack, campaign_id):
        meanwhile += _look(browser, pages, rounds=1)
    took_s = time.monotonic() - began_at
    usage = stack.usage()
    stack.stop_services()
    yield Figure(f"preparing {recipients:,} recipients", recipients / took_s, "rows/s")
    yield Figure("peak memory, scheduler", usage.peak_mib["scheduler"], "MiB")
    yield Figure("p95 of pages meanwhile", _p95(meanwhile), "ms", at_most=PAGE_P95_MS)
    yield Figure("the same", _p95(meanwhile), "ms", _p95(alone), "before")


def _logged_in(url: str) -> requests.Session:
    browser = requests.Session()
    form = browser.get(f"{url}/login").text
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', form)
    if token is None:
        raise LookupError("the page has no CSRF token")
    answer = browser.post(
        f"{url}/login",
        data={"csrf_token": token[1], "email": USER, "password": PASSWORD},
        headers={"Referer": f"{url}/login"},
    )
    answer.raise_for_status()
    if answer.url.endswith("/login"):
        raise PermissionError("the log-in was refused")
    return browser


def _look(browser: requests.Session, pages: list[str], *, rounds: int) -> list[float]:
    """Ask for each page so often; returns how long each took, in ms."""
    took = []
    for _ in range(rounds):
        for page in pages:
            began_at = time.perf_counter()
            browser.get(page).raise_for_status()
            took.append((time.perf_counter() - began_at) * 1000)
    return took


def _is_prepared(stack: Stack, campaign_id: int) -> bool:
    with stack.sessions() as session:
        return session.get_one(Campaign, campaign_id).status is not CampaignStatus.PREPARING


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]
