"""What a measurement gives, and the table that shows it."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured value beside what it is compared with.

    ``at_least`` and ``at_most`` bound the ratio of value to baseline, or the value itself
    where there is no baseline.
    """

    name: str
    value: float
    unit: str
    baseline: float | None = None
    against: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def ratio(self) -> float | None:
        """The value in terms of its baseline."""
        return self.value / self.baseline if self.baseline else None

    @property
    def holds(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        judged = self.value if self.baseline is None else self.ratio
        if judged is None or (self.at_least is None and self.at_most is None):
            return None
        return (self.at_least is None or judged >= self.at_least) and (
            self.at_most is None or judged <= self.at_most
        )

    @property
    def target(self) -> str:
        """The target in words."""
        bounds = [
            f"{sign} {bound:g}"
            for sign, bound in (("≥", self.at_least), ("≤", self.at_most))
            if bound is not None
        ]
        return ", ".join(bounds)


def table(figures: Iterable[Figure]) -> str:
    """Write figures as a table in Markdown."""
    lines = [
        "| what | measured | baseline | ratio | target | |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for figure in figures:
        baseline = "" if figure.baseline is None else f"{_short(figure.baseline)} {figure.against}"
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        verdict = {None: "", True: "yes", False: "**no**"}[figure.holds]
        lines.append(
            f"| {figure.name} | {_short(figure.value)} {figure.unit} | {baseline} | {ratio} "
            f"| {figure.target} | {verdict} |"
        )
    return "\n".join(lines)


def _short(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"
