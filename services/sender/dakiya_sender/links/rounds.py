"""A round of visits for one workspace: takes what is queued, a few at a time."""

import time
from concurrent.futures import ThreadPoolExecutor

from dakiya.db import SessionFactory
from dakiya.link_checks.register import record, take
from dakiya.log import get_logger
from dakiya_sender.links.visiting import Visitor

log = get_logger(__name__)

AT_ONCE = 5
# Then another workspace has its turn; what is left is rung again.
LASTS_S = 45.0


def check_links(session_factory: SessionFactory, visitor: Visitor, workspace_id: int) -> bool:
    """Visit a workspace's queued addresses; tells whether some may be left."""
    ends_at, visits = time.monotonic() + LASTS_S, 0
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="visit") as threads:
        while time.monotonic() < ends_at:
            with session_factory() as session:
                taken = [
                    (check.id, check.url) for check in take(session, workspace_id, limit=AT_ONCE)
                ]
                session.commit()
            if not taken:
                break
            found = list(threads.map(visitor.visit, [url for _, url in taken]))
            with session_factory() as session:
                for (check_id, _), each in zip(taken, found, strict=True):
                    record(session, check_id, each)
                session.commit()
            visits += len(taken)
        else:
            return True
    log.info("links_checked", workspace=workspace_id, visits=visits)
    return False
