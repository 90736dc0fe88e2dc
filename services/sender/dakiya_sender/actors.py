"""The sender's actors: each calls a plain function."""

from functools import partial

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from dakiya.queue import (
    CAMPAIGN_TEST_ACTOR,
    CHECK_LINKS_ACTOR,
    DELIVER_ACTOR,
    DOMAIN_CHECK_ACTOR,
    ERRANDS_QUEUE,
    LINKS_QUEUE,
    NEWCOMER_ACTOR,
    NEWCOMERS_QUEUE,
    PASSWORD_RESET_ACTOR,
    SENDER_QUEUE,
    SMTP_TEST_ACTOR,
    TROUBLE_NOTICE_ACTOR,
)
from dakiya_sender import account_test, batches, campaign_test, domain_check, system_mail
from dakiya_sender.batches import SenderContext
from dakiya_sender.links import rounds

# For failures of PostgreSQL and Redis only: SMTP's retries stand in the ledger.
MAX_RETRIES = 3
MIN_BACKOFF_MS = 500
MAX_BACKOFF_MS = 5_000


def declare_actors(broker: RedisBroker, context: SenderContext) -> None:
    """Register the sender's actors."""

    def deliver_batch(batch_id: int) -> None:
        batches.deliver_batch(context, batch_id)

    def deliver_newcomer(batch_id: int) -> None:
        batches.deliver_batch(context, batch_id, newcomer=True)

    def run_smtp_test(test_id: int) -> None:
        account_test.run_smtp_test(context.session_factory, context.servers, context.pool, test_id)

    def run_campaign_test(test_id: int) -> None:
        campaign_test.run_campaign_test(
            context.session_factory,
            context.servers,
            context.pool,
            test_id,
            public_url=context.public_url,
        )

    def mail_password_reset(reset_id: int) -> None:
        system_mail.mail_password_reset(
            context.session_factory,
            context.system_server,
            reset_id,
            public_url=context.public_url,
            helo_name=context.servers.helo_name,
        )

    def mail_trouble_notice(notice_id: int) -> None:
        system_mail.mail_trouble_notice(
            context.session_factory,
            context.system_server,
            notice_id,
            public_url=context.public_url,
            helo_name=context.servers.helo_name,
        )

    def check_links(workspace_id: int) -> None:
        if rounds.check_links(context.session_factory, context.visitor, workspace_id):
            context.doorbell.ring_link_checks(workspace_id)

    def check_domain(check_id: int) -> None:
        domain_check.check_domain(context.session_factory, context.resolver, check_id)

    declare = partial(
        dramatiq.actor,
        broker=broker,
        max_retries=MAX_RETRIES,
        min_backoff=MIN_BACKOFF_MS,
        max_backoff=MAX_BACKOFF_MS,
    )
    declare(actor_name=DELIVER_ACTOR, queue_name=SENDER_QUEUE)(deliver_batch)
    declare(actor_name=NEWCOMER_ACTOR, queue_name=NEWCOMERS_QUEUE)(deliver_newcomer)
    errand = partial(declare, queue_name=ERRANDS_QUEUE)
    errand(actor_name=SMTP_TEST_ACTOR)(run_smtp_test)
    errand(actor_name=CAMPAIGN_TEST_ACTOR)(run_campaign_test)
    errand(actor_name=PASSWORD_RESET_ACTOR)(mail_password_reset)
    errand(actor_name=TROUBLE_NOTICE_ACTOR)(mail_trouble_notice)
    errand(actor_name=DOMAIN_CHECK_ACTOR)(check_domain)
    declare(actor_name=CHECK_LINKS_ACTOR, queue_name=LINKS_QUEUE)(check_links)
