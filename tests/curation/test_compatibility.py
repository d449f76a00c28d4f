"""Terms beside terms: a table of cases, each obstacle for its own reason."""

from __future__ import annotations

import pytest

from curation import compatibility as c
from curation.compatibility import obstacles

AC = {
    "name": "tou",
    "licence": "answer-carefully-dataset-tou",
    "terms": "安全性の向上にのみ使えます。",
    "purpose": "safety",
    "attribution": "作成者の名",
    "inherits": True,
    "redistributable": True,
    "gate": "granted",
}
OPEN = {"name": "open", "licence": "CC0-1.0", "redistributable": True, "gate": "open"}

CASES = [
    ("no terms asked, none given", OPEN, None, []),
    ("open beside any", OPEN, AC, []),
    ("the same", AC, AC, []),
    ("the same under another name", AC, AC | {"name": "ours"}, []),
    ("forbidden, even beside itself", AC | {"redistributable": False}, AC, [c.NOT_REDISTRIBUTABLE]),
    ("requested", AC | {"gate": "requested"}, AC, [c.NO_ACCESS]),
    ("no access", AC | {"gate": "no_access"}, AC, [c.NO_ACCESS]),
    ("inherited, none given", AC, None, [c.NO_TERMS, c.PURPOSE, c.ATTRIBUTION]),
    ("inherited, empty terms", AC, {"name": "x", "terms": " "}, [c.NO_TERMS, c.PURPOSE, c.ATTRIBUTION]),
    ("inherited, another licence", AC, AC | {"licence": "apache-2.0"}, [c.OTHER_LICENCE]),
    ("inherited, other terms", AC, AC | {"terms": "何にでも使えます。"}, [c.OTHER_TERMS]),
    ("inherited, then dropped", AC, AC | {"inherits": False}, [c.NOT_INHERITED]),
    ("terms with more beside", AC, AC | {"terms": f"前文。\n{AC['terms']}\n後文。"}, []),
    (
        "width and white space aside",
        AC | {"purpose": "Ｓａｆｅｔｙ \n only"},
        AC | {"purpose": "safety only"},
        [],
    ),
    ("purpose lost", OPEN | {"purpose": "safety"}, OPEN, [c.PURPOSE]),
    ("purpose in the terms", OPEN | {"purpose": "safety"}, OPEN | {"terms": "For safety alone."}, []),
    ("attribution lost", OPEN | {"attribution": "A. Author"}, OPEN, [c.ATTRIBUTION]),
    (
        "attribution among others",
        OPEN | {"attribution": "A. Author"},
        OPEN | {"attribution": "A. Author; B"},
        [],
    ),
    ("nobody to name", OPEN | {"licence": "CC BY-SA 4.0"}, None, [c.NOBODY_NAMED]),
    ("CC0 names nobody", OPEN | {"licence": "CC0-1.0"}, None, []),
]


@pytest.mark.parametrize(
    ("item", "release", "wanted"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_obstacles(item, release, wanted) -> None:
    assert obstacles(item, release) == wanted


def test_every_sentence_takes_the_name() -> None:
    sentences = [value for key, value in vars(c).items() if key.isupper() and isinstance(value, str)]
    assert len(sentences) == 9
    assert all("tou" in sentence % {"name": "tou"} for sentence in sentences)
