"""Which fields of a published record hold a translation, where that is beyond doubt.

How AnswerCarefully 2.2 names its English questions is not established, so names are recognised by what they say: a
part (text, question, output, answer) and a language. Everything else stays an attribute, under its own name.
"""

from typing import Any

PARTS = {
    "text": "question",
    "question": "question",
    "質問": "question",
    "output": "answer",
    "output-sample": "answer",
    "answer": "answer",
    "回答": "answer",
}
# Codes that are also common ends of other names stay out: id, no, is, it, or, as.
TAGS = {
    "en": "en",
    "eng": "en",
    "english": "en",
    "英語": "en",
    "ko": "ko",
    "korean": "ko",
    "zh": "zh",
    "chinese": "zh",
    "zh-cn": "zh-CN",
    "zh-tw": "zh-TW",
    "zh-hans": "zh-Hans",
    "zh-hant": "zh-Hant",
    "fr": "fr",
    "french": "fr",
    "de": "de",
    "german": "de",
    "es": "es",
    "spanish": "es",
    "pt": "pt",
    "ru": "ru",
    "vi": "vi",
    "th": "th",
    "ar": "ar",
    "hi": "hi",
}


def translation_columns(given: dict[str, tuple[str, Any]]) -> dict[str, tuple[str, str]]:
    """By key (as `key_of` writes it) the part and the locale; `given` maps the key to its name and value.

    Two fields that say the same part of the same language with different words, an answer whose question is not
    translated, and a value that is no text are in doubt: they are not here. Empty fields are.
    """
    named = {key: found for key in given if (found := _named(key)) is not None}
    claims: dict[tuple[str, str], list[str]] = {}
    for key, found in named.items():
        claims.setdefault(found, []).append(key)
    kept: dict[str, tuple[str, str]] = {}
    for found, keys in claims.items():
        values = [given[key][1] for key in keys if given[key][1] not in (None, "")]
        if all(isinstance(value, str) for value in values) and len(set(values)) <= 1:
            kept.update(dict.fromkeys(keys, found))
    filled = {found for key, found in kept.items() if _says(given[key][1])}
    return {
        key: (part, tag)
        for key, (part, tag) in kept.items()
        if part == "question" or ("question", tag) in filled or not _says(given[key][1])
    }


def _says(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _named(key: str) -> tuple[str, str] | None:
    for part, meaning in PARTS.items():
        for cut in (f"{part}-", part if not part.isascii() else None):
            if cut and key.startswith(cut) and (tag := TAGS.get(key[len(cut) :].strip("()（）"))):
                return meaning, tag
    tag, _, rest = key.partition("-")
    return (PARTS[rest], TAGS[tag]) if rest in PARTS and tag in TAGS else None
