"""The migrations lead from an empty database to exactly what the models say."""

from alembic import command
from sqlalchemy import Engine, text

from dakiya.migrations.run import alembic_config, upgrade


def test_migrations_equal_the_models_when_run_from_empty(engine: Engine) -> None:
    # The fixture's database was made by running every migration on an empty one.
    with engine.connect() as connection:
        command.check(alembic_config(connection))


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
