"""The table of measurements: ratios, targets and verdicts."""

import pytest

from tests.bench.figures import Figure, table


@pytest.mark.parametrize(
    ("figure", "holds"),
    [
        (Figure("speed", 60, "mails/s", 100, "bare", at_least=0.6), True),
        (Figure("speed", 59, "mails/s", 100, "bare", at_least=0.6), False),
        (Figure("rate", 96, "mails/s", 100, "set", at_least=0.95, at_most=1.05), True),
        (Figure("rate", 106, "mails/s", 100, "set", at_least=0.95, at_most=1.05), False),
        (Figure("memory", 151, "MiB", at_most=150), False),
        (Figure("memory", 149, "MiB", at_most=150), True),
        (Figure("CPU", 1.5, "s"), None),
        (Figure("CPU", 1.5, "s", 1.0, "before"), None),
    ],
)
def test_target_bounds_the_ratio_or_the_value_itself(figure: Figure, holds: bool | None) -> None:
    assert figure.holds is holds


def test_table_says_which_targets_are_missed() -> None:
    rows = table(
        [
            Figure("speed", 1234.5, "mails/s", 4_000, "smtplib", at_least=0.6),
            Figure("memory", 99.5, "MiB", at_most=150),
        ]
    ).splitlines()
    assert rows[2:] == [
        "| speed | 1,234 mails/s | 4,000 smtplib | 0.31 | ≥ 0.6 | **no** |",
        "| memory | 99.5 MiB |  |  | ≤ 150 | yes |",
    ]
