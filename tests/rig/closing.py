"""Says at the end how many tests had no data to run on, so that a green run without them is not mistaken for one with."""

from typing import Any

import pytest


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    skipped = [
        report for report in terminalreporter.stats.get("skipped", []) if "data set" in str(report.longrepr)
    ]
    terminalreporter.write_line(
        f"{len(skipped)} tests were skipped for want of the public data sets (see TEINEI_DATA)."
    )
