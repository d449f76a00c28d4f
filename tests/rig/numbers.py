"""Numbers of a study on its page and in its report, against the result that they come from."""

import re
from typing import Any

from playwright.sync_api import Page

SHOWN = """() => [...document.querySelectorAll("main [data-at]:not(.estimate--none)")].map(one => [
  one.dataset.at, Number(one.dataset.digits), "percent" in one.dataset, one.textContent.replace(/\\s+/g, " ").trim()])"""


def numbers_agree(page: Page, result: dict[str, Any]) -> int:
    """Compares each number on the page with the place in the result that it names; how many there were."""
    shown = page.evaluate(SHOWN)
    unit = "%" if page.evaluate("document.documentElement.lang") == "ja" else " %"
    for place, digits, percent, text in shown:
        found: Any = result
        for step in place.split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            found = found[int(name)] if isinstance(found, list) else found[name]
        assert text == spoken(found, digits, unit if percent else ""), place
    return len(shown)


def spoken(found: Any, digits: int, unit: str = "") -> str:
    def number(value: float) -> str:
        return re.sub(r"^-(?=[0.]*$)", "", f"{100 * value if unit else value:.{digits}f}")

    if not isinstance(found, dict):
        return f"{number(found)}{unit}"
    between = "" if found["low"] is None else f"[{number(found['low'])}, {number(found['high'])}] "
    return f"{number(found['value'])}{unit} {between}n={found['n']}"
