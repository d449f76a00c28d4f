"""Every string of the interface is there in Japanese."""

from pathlib import Path

import pytest

from config import messages

TEMPLATE = """{% load i18n %}
<p>
    {% translate "Save" %}{% translate 'Post' context 'mail' %}
  {{ _("Draft") }}
{% blocktranslate count n=items|length %}{{ n }} item{% plural %}{{ n }} items{% endblocktranslate %}
      {% blocktranslate trimmed with name=person.name %}
        Hello
        {{ name }}
      {% endblocktranslate %}
</p> {# {% translate "not this" %} #}
"""

CODE = """
from django.utils.translation import gettext as _, ngettext, pgettext_lazy
a = _("One")
b = ngettext("%(n)d row", "%(n)d rows", n)
c = pgettext_lazy("verb", "Open")
d = _(unknown)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "curation" / "templates").mkdir(parents=True)
    (tmp_path / "curation" / "templates" / "a.html").write_text(TEMPLATE, encoding="utf-8")
    (tmp_path / "curation" / "views.py").write_text(CODE, encoding="utf-8")
    return tmp_path


def test_every_kind_of_message_is_found(project: Path) -> None:
    found = {(each.ids, each.context) for each in messages.extracted(project)}
    assert found == {
        ("Save", None),
        ("Post", "mail"),
        ("Draft", None),
        (("%(n)s item", "%(n)s items"), None),
        ("Hello %(name)s", None),
        ("One", None),
        (("%(n)d row", "%(n)d rows"), None),
        ("Open", "verb"),
    }


@pytest.mark.parametrize(
    ("translation", "said"),
    [
        ("", "is not translated"),
        ("こんにちは、%(nom)sさん", "fills in nom, which nobody gives"),
        ("こんにちは", "leaves out name"),
        ("こんにちは、%(name)sさん", ""),
    ],
)
def test_a_translation_must_fill_in_what_is_given(translation: str, said: str) -> None:
    found = messages.Found("a.html", 1, "Hello %(name)s", None, ())
    catalogue = messages.Catalog(locale="ja")
    catalogue.add("Hello %(name)s", translation)
    assert messages.complaint(catalogue.get("Hello %(name)s"), found) == said
    assert messages.complaint(None, found) == "is not in the catalogue"


def test_every_message_of_the_interface_is_there_in_japanese() -> None:
    assert messages.complaints() == []
