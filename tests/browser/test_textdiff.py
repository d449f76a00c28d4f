"""The page compares and merges texts exactly as the server does."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from playwright.sync_api import Page

from curation.diffwords import clusters
from curation.merging import merged
from curation.textdiff import changes
from tests.factories.curation import make_person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

TABLE = Path(__file__).parent.parent / "fixtures" / "text_changes.json"
LETTERS = [*"薬医者飲食むすがのをかーアｶﾞ葛ab12、。 \r\n👩👧🏽🇯🇵𠮷ไé", "\u3099", "\U000e0100", "\u200d"]
DIFFS = "pairs => pairs.map(([a, b]) => Teinei.diff(a, b))"
MERGES = "rows => rows.map(([base, mine, theirs]) => Teinei.merge(base, mine, theirs))"


@pytest.fixture
def page(page: Page, sign_in: Any) -> Page:
    """Any page that loads the scripts."""
    sign_in(page, make_person())
    page.goto("/")
    return page


def test_both_engines_give_the_same(page: Page) -> None:
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    pairs = [[case["before"], case["after"]] for case in table["diffs"]]
    assert page.evaluate(DIFFS, pairs) == [case["segments"] for case in table["diffs"]]
    rows = [[case["base"], case["mine"], case["theirs"]] for case in table["merges"]]
    assert page.evaluate(MERGES, rows) == [case["passages"] for case in table["merges"]]
    chance = Random(20)
    texts = ["".join(chance.choices(LETTERS, k=chance.randrange(60))) for _ in range(402)]
    assert page.evaluate("texts => texts.map(Teinei.clusters)", texts) == [clusters(text) for text in texts]
    pairs = [texts[number : number + 2] for number in range(400)]
    assert page.evaluate(DIFFS, pairs) == [[list(part) for part in changes(*pair)] for pair in pairs]
    rows = [texts[number : number + 3] for number in range(400)]
    assert page.evaluate(MERGES, rows) == [[list(passage) for passage in merged(*row)] for row in rows]


def test_a_long_text_is_compared_in_the_page_as_on_the_server(page: Page) -> None:
    chance = Random(21)
    before = "".join(chance.choices("薬医師患者飲食むすがのをにはアイウ、。", k=3_000))
    after = before[:900] + "ここで足した。" + before[900:2_500] + "".join(chance.choices("新旧聞", k=500))
    assert page.evaluate("([a, b]) => Teinei.diff(a, b)", [before, after]) == [
        list(part) for part in changes(before, after)
    ]
