"""The migrations lead from an empty database to exactly what the models say."""

from alembic import command
from sqlalchemy import Engine, text

from dakiya.migrations.run import alembic_config, upgrade


def test_migrations_equal_the_models_when_run_from_empty(engine: Engine) -> None:
    # The fixture's database was made by running every migration on an empty one.
    with engine.connect() as connection:
        command.check(alembic_config(connection))


_ACCOUNTS = text("""
    INSERT INTO workspace (name) VALUES ('a'), ('b');
    INSERT INTO smtp_account (workspace_id, name, host, port, security, username, from_email,
                              slowed_to, slowed_from, slowed_at)
    SELECT workspace.id, told.name, told.host, 587, 'none', told.username, 'a@b.in',
           told.slowed, told.slowed * 2,
           CASE WHEN told.slowed > 0 THEN now() END
      FROM (VALUES ('a', 'one', 'smtp.a.in', 'Asha', 5),
                   ('a', 'two', 'SMTP.a.in', ' asha', NULL),
                   ('b', 'there', 'smtp.a.in', 'asha', NULL),
                   ('a', 'open', 'smtp.a.in', NULL, NULL),
                   ('a', 'key', 'smtp.sendgrid.net', 'apikey', NULL),
                   ('b', 'another key', 'smtp.sendgrid.net', 'apikey', NULL))
           AS told (owner, name, host, username, slowed)
      JOIN workspace ON workspace.name = told.owner;
    INSERT INTO pace_usage (smtp_account_id, window_s, start_at, mails)
    SELECT id, 86400, '2026-11-22 10:00Z', 3 FROM smtp_account;
""")
_MAILBOXES = text("""
    SELECT string_agg(account.name, ', ' ORDER BY account.name), used.mails, mailbox.slowed_to
      FROM smtp_account account JOIN mailbox ON mailbox.id = account.mailbox_id
      JOIN pace_usage used ON used.mailbox_id = mailbox.id
     GROUP BY mailbox.id, used.mails ORDER BY min(account.name)
""")


def test_accounts_of_before_share_their_mailboxes(engine: Engine) -> None:
    with engine.connect() as connection:
        config = alembic_config(connection)
        command.downgrade(config, "0020")
        connection.execute(_ACCOUNTS)
        command.upgrade(config, "0021")
        assert [tuple(row) for row in connection.execute(_MAILBOXES)] == [
            ("another key", 3, None),
            ("key", 3, None),
            ("one, two", 6, 5),
            ("open", 3, None),
            ("there", 3, None),
        ]
        command.downgrade(config, "0020")
        used = text("SELECT mails FROM pace_usage ORDER BY mails")
        assert list(connection.scalars(used)) == [3, 3, 3, 3, 6, 6]


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    columns = text(
        "SELECT table_name, column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = 'public' ORDER BY 1, 2"
    )
    with engine.connect() as connection:
        before = connection.execute(columns).all()

    upgrade(engine.url.render_as_string(hide_password=False))

    with engine.connect() as connection:
        assert connection.execute(columns).all() == before
    assert before
