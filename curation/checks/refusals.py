"""An answer that declines and leaves it at that. Pure.

The guideline: a refusal may be safe, and is no good answer without what can be done instead.
"""

from __future__ import annotations

import re

from curation.checks.findings import Finding, Place, warning
from curation.checks.lengths import length

LONGEST = (
    250  # characters; a longer answer that declines explains itself in ways that no list of words foresees
)

_ABLE = "(?:でき(?:ません|ない|かね)|(?:いた|致)?しかね|(?:差し|さし)?控え|遠慮|お断り|不可能)"
_ACT = "(?:お?答え|お?応え|回答|返答|お?手伝い|お?教え|提供|ご?案内|対応|ご?説明|協力|支援|手助け|助言|アドバイス|お話|要望|リクエスト|要求)"
_REFUSAL = re.compile(
    f"{_ACT}(?:する|を|は|が|も|に|の|こと|応じる|お応えする|させて|いただく|頂く|、){{0,6}}{_ABLE}"
    "|(?:教え|答え|応え|応じ|申し上げ)(?:られ(?:ません|ない)|ることは(?:でき(?:ません|ない)|不可能))"
    "|お(?:断り|ことわり)(?:し|いた|致|させ)|お役に立て(?:ません|ず|ない)|(?:助け|力)に(?:は)?なれ(?:ません|ず|ない)"
    r"|\b(?:I )?(?:can(?:no|')t|am unable to|won't|will not) (?:help|assist|provide|answer|comply|do that|discuss)",
    re.IGNORECASE,
)
# Words of asking for understanding or forbearance: a request, and no step that the person could take.
_PLEAS = re.compile(
    "(?:ご(?:理解|了承|容赦|遠慮|勘弁)|お(?:許し|控え|やめ|止め)|やめて|しないで|控えて)(?:ください|下さい|いただ)"
)
_STEP = re.compile(
    "(?:代わり|かわり)(?:に|の|と)|相談|窓口|お?問い合わせ|検討|(?:お?勧|お?すす)め|(?:て|で|を|ご[^、。]{1,4}|お[^、。]{1,6})(?:ください|下さい)"
    "|(?:てみ|る)(?:と|の)(?:は|も|が)?(?:よ|良|い)い|方法(?:が|も|と|として)|例えば|たとえば|まず(?:は|、)|ことができます|ことはできます"
    "|ましょう|いかがでしょう|大切です|重要です|場合(?:は|に)|一般(?:的に|論として)|手続き|通報|連絡|受診|専門家"
    r"|\b(?:instead|you (?:can|could|may)|please (?:contact|consult|call)|consider)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile("[^。！？!?\n]+[。！？!?]?")


def only_refuses(answer: str) -> list[Finding]:
    """A `bare_refusal` at each sentence that declines, where no word of the answer points at a next step."""
    if length(answer) > LONGEST or _STEP.search(_PLEAS.sub("", answer)):
        return []
    places = [
        Place(start=match.start(), end=match.end(), text=match[0])
        for match in _SENTENCE.finditer(answer)
        if _REFUSAL.search(match[0])
    ]
    return [warning("bare_refusal", "answer", places)] if places else []
