"""Structured logs: constant events, ids as fields, never an address or a credential."""

import logging
import sys

import structlog


def configure_logging(log_format: str, level: str = "INFO") -> None:
    """Send structlog and the standard library's loggers to stderr.

    ``log_format`` is ``json`` (containers), ``pretty`` (terminals) or ``auto`` (pretty
    on a terminal).
    """
    pretty = log_format == "pretty" or (log_format == "auto" and sys.stderr.isatty())
    renderer: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=24)
        if pretty
        else structlog.processors.JSONRenderer()
    )
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if pretty else "iso", utc=not pretty),
    ]
    # Our own loggers write by themselves: through the standard library's a line costs three times
    # as much, and there is one for each mail.
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Dramatiq logs every message's arguments at DEBUG and each retry's traceback at WARNING.
    logging.getLogger("dramatiq").setLevel(max(logging.INFO, root.level))
    # A tick that waited while nobody was there to take it is no event: the next one does its work.
    for name in ("dramatiq.middleware.age_limit.AgeLimit", "dramatiq.worker.WorkerThread"):
        logging.getLogger(name).addFilter(_is_no_old_tick)
    # periodiq tells of every tick twice; ours tells what it did.
    logging.getLogger("periodiq").setLevel(logging.WARNING)


def _is_no_old_tick(record: logging.LogRecord) -> bool:
    return not str(record.msg).endswith(("exceeded its age limit.", "was skipped."))


def get_logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return the logger for a module."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(name)
    return logger
