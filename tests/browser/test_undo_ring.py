"""The line of undo of a draft: its steps, its bounds, and what comes in between from elsewhere."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

SCRIPTS = settings.BASE_DIR / "config" / "static" / "js"

# Runs lines of [method, argument, ...] on one ring, and gives the values after each, with the number of steps.
RUN = """([values, options, lines]) => {
  let ring = new Teinei.UndoRing(values, options);
  return lines.map(([what, ...given]) => {
    if (what === "reload") {
      const line = structuredClone(ring.kept());
      ring = new Teinei.UndoRing({ ...ring.values, ...given[0] }, options);
      ring.older(line);
    } else ring[what](...given);
    return [{ ...ring.values }, ring.done.length, ring.undone.length];
  });
}"""
# A life of a draft; at its end all is done again, taken back, and done again. Each side writes letters of its own.
PLAY = """([seeds, reloads]) => seeds.map((lines) => {
  let ring = new Teinei.UndoRing({ a: "。。。。", b: "。。。。" }, { most: 1000 });
  const texts = [];
  for (const [what, field, at, gone, come, now] of lines) {
    const text = ring.values[field];
    const next = text.slice(0, at) + come + text.slice(at + gone);
    if (what === "came") ring.came(field, text.slice(0, at) + come + text.slice(at));
    else if (what === "made") ring.made(field, next, { now });
    else ring[what]();
    if (reloads && now % 3 === 0) {
      const line = structuredClone(ring.kept());
      ring = new Teinei.UndoRing(ring.values, { most: 1000 });
      ring.older(line);
    }
  }
  while (ring.redo());
  const end = { ...ring.values };
  while (ring.undo());
  const begun = { ...ring.values };
  while (ring.redo());
  return [begun, end, { ...ring.values }];
})"""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """An empty page with the scripts that the line needs."""
    page = chromium.new_page()
    page.set_content("<body></body>")
    for name in ("shared", "textdiff", "merge", "undo_ring"):
        page.add_script_tag(path=SCRIPTS / f"{name}.js")
    yield page
    page.close()


def made(value: Any, now: int, *, field: str = "a", **more: Any) -> list[Any]:
    return ["made", field, value, {"now": now, **more}]


def run(page: Page, lines: list[list[Any]], *, values: Any = None, **options: int) -> list[Any]:
    found: list[Any] = page.evaluate(RUN, [values or {"a": ""}, options, lines])
    return found


def texts(found: list[Any]) -> list[str]:
    return [values["a"] for values, _done, _undone in found]


def test_a_step_ends_with_a_pause_a_word_or_a_move(page: Page) -> None:
    typed = [made("一", 0), made("一二", 900), made("一二三", 2_000), made("一二三。", 2_100)]
    words = [made("一二三。次", 2_200), made("前一二三。次", 2_300), made("前一二三。", 2_400)]
    found = run(page, [*typed, *words, *[["undo"]] * 7, ["redo"], ["redo"]])
    assert [done for _values, done, _undone in found[:7]] == [1, 1, 2, 2, 3, 4, 5]
    ends = ["前一二三。次", "一二三。次", "一二三。", "一二", "", "", ""]
    assert texts(found)[7:] == [*ends, "一二", "一二三。"]
    erased = [made("abc", 0), made("ab", 10), made("a", 20), made("", 30), ["undo"], ["undo"]]
    assert texts(run(page, erased)) == ["abc", "ab", "a", "", "abc", ""]
    assert run(page, [made("a", 0), ["undo"], made("b", 10), ["redo"]])[-1] == [{"a": "b"}, 1, 0]


def test_choices_and_what_follows_a_text_are_taken_back_with_it(page: Page) -> None:
    lines = [
        made(["x"], 0),
        made("ab", 10, field="b", along={"o": ["{}", "{t}"]}),
        ["undo"],
        ["undo"],
        ["redo"],
    ]
    values = {"a": [], "b": "a"}
    assert [found[0] for found in run(page, lines, values=values)][1:] == [
        {"a": ["x"], "b": "ab"},
        {"a": ["x"], "b": "a"},
        {"a": [], "b": "a"},
        {"a": ["x"], "b": "a"},
    ]
    along = (
        "() => { const ring = new Teinei.UndoRing({b: ''});"
        " ring.made('b', 'x', {now: 0, along: {o: ['1', '2']}}); ring.made('b', 'xy', {now: 1, along: {o: ['2', '3']}});"
        " return [ring.undo(), ring.redo()]; }"
    )
    assert page.evaluate(along) == [
        {"field": "b", "value": "", "at": 0, "along": {"o": "1"}},
        {"field": "b", "value": "xy", "at": 2, "along": {"o": "3"}},
    ]


def test_what_came_from_elsewhere_is_never_taken_back(page: Page) -> None:
    base = "一つ目の文です。二つ目の文です。"
    mine = "まず、" + base
    lines = [made(mine, 0), ["came", "a", mine + "よそで足した。"], ["undo"], ["redo"], ["undo"]]
    both = base + "よそで足した。"
    assert texts(run(page, lines, values={"a": base}))[2:] == [both, "まず、" + both, both]
    # written over elsewhere: there is nothing of it left to take back
    gone = run(page, [made("薬を飲む", 0), ["came", "a", "医者に行く"], ["undo"], ["redo"]])
    assert gone[2:] == [[{"a": "医者に行く"}, 1, 0]] * 2
    # what is undone is not lost to a change from elsewhere
    back = [made(mine, 0), ["undo"], ["came", "a", both], ["redo"]]
    assert texts(run(page, back, values={"a": base}))[-1] == "まず、" + both
    # a list that both sides chose in
    chosen = [made(["x"], 0), ["came", "a", ["x", "y"]], ["undo"]]
    assert run(page, chosen, values={"a": []})[-1][0] == {"a": ["x", "y"]}


def test_after_a_reload_the_line_goes_on(page: Page) -> None:
    lines = [made("一", 0), made("一二", 5_000), ["undo"], ["reload", {}], ["redo"], made("一二三", 9_000)]
    found = run(page, [*lines, ["undo"], ["undo"], ["undo"]])
    assert texts(found) == ["一", "一二", "一", "一", "一二", "一二三", "一二", "一", ""]
    # the page shows another text than this window left, and one field less
    other = [
        made("一つ。", 0),
        made("x", 9_000, field="b"),
        ["reload", {"a": "一つ。よそ。"}],
        ["undo"],
        ["undo"],
    ]
    assert texts(run(page, other, values={"a": "", "b": ""}))[-1] == "よそ。"
    less = (
        "() => { const ring = new Teinei.UndoRing({a: '1'}); ring.older({values: {a: '1', b: '2'}, undone: [],"
        " done: [{field: 'b', at: 0, gone: '', come: '2'}]}); return ring.undo(); }"
    )
    assert page.evaluate(less) is None


def test_the_browsers_own_undo_is_followed(page: Page) -> None:
    live = {"live": True}
    typed = [made("一。", 0, **live), made("一。二。", 10, **live), made("一。二。三", 20, **live)]
    whole = [["followed", "undo", "a", ""], ["followed", "redo", "a", "一。二。三"], ["undo"], ["undo"]]
    assert run(page, [*typed, *whole])[2:] == [
        [{"a": "一。二。三"}, 3, 0],
        [{"a": ""}, 0, 3],
        [{"a": "一。二。三"}, 3, 0],
        [{"a": "一。二。"}, 2, 1],
        [{"a": "一。"}, 1, 2],
    ]
    within = [["followed", "undo", "a", "一。二"], ["redo"], ["undo"], ["undo"]]
    assert texts(run(page, [*typed, *within]))[3:] == ["一。二", "一。二。三", "一。二", ""]
    assert page.evaluate(
        "() => { const ring = new Teinei.UndoRing({a: ''}); const live = () => ring.next('undo').live;"
        " ring.made('a', 'x', {now: 0, live: true}); const first = live(); ring.came('a', 'xy'); return [first, live()]; }"
    ) == [True, False]


def test_the_oldest_steps_go_first(page: Page) -> None:
    lines = [made("x" * number, number * 5_000) for number in range(1, 300)]
    assert run(page, [*lines, *[["undo"]] * 300])[298] == [{"a": "x" * 299}, 200, 0]
    assert run(page, [*lines, *[["undo"]] * 300])[-1] == [{"a": "x" * 99}, 0, 200]
    large = run(page, [made("x" * 40, 0), made("x" * 80, 5_000), made("y" * 200, 9_000)], size=200)
    assert [done for _values, done, _undone in large] == [1, 2, 0]


def test_a_life_of_a_draft_at_random(page: Page) -> None:
    chance = Random(23)

    def line() -> list[Any]:
        what = chance.choices(["made", "came", "undo", "redo"], [6, 2, 2, 1])[0]
        letters = "よそ新。" if what == "came" else "ab 。"
        come = "".join(chance.choices(letters, k=chance.randrange(1, 5)))
        return [
            what,
            chance.choice("ab"),
            chance.randrange(4),
            chance.randrange(3),
            come,
            chance.randrange(9_000),
        ]

    lives = [[line() for _step in range(chance.randrange(1, 30))] for _life in range(150)]
    for alone in (True, False):
        seeds = [[each for each in life if not alone or each[0] != "came"] for life in lives]
        for begun, end, again in page.evaluate(PLAY, [seeds, True]):
            assert not alone or (begun, again) == ({"a": "。。。。", "b": "。。。。"}, end)
            for letter in "よそ新":
                assert (begun["a"] + begun["b"]).count(letter) >= (end["a"] + end["b"]).count(letter)
