"""How words and sentences stand together in either language; display names of exact labels."""

import pytest
from django.utils.translation import override

from curation.models import Category
from curation.queries import named_steps
from curation.templatetags.reading import gap, listed, tongue
from tests.factories.curation import leaf, make_dataset


@pytest.mark.parametrize(("language", "space", "row"), [("ja", "", "一、二"), ("en", " ", "一, 二")])
def test_sentences_and_words_are_parted_as_the_language_parts_them(language, space, row) -> None:
    with override(language):
        assert (gap(), listed(["一", "二"])) == (space, row)


def test_a_language_is_called_by_its_own_name_and_an_unknown_code_by_itself() -> None:
    assert [tongue(code) for code in ("ja", "en", "xx-nobody")] == ["日本語", "English", "xx-nobody"]


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["ja", "en"])
def test_labels_are_shown_by_their_names_and_an_unknown_label_by_itself(language) -> None:
    dataset = make_dataset("names")
    category = leaf(dataset, 0)
    area = Category.objects.get(taxonomy=dataset.taxonomy, path=category.labels[0])
    with override(language):
        known, unknown = named_steps(dataset, [category.path, f"{area.path}\tnobody"])
        assert (known[0], known[-1], len(known)) == (area.name, category.name, 3)
        assert unknown == [area.name, "nobody"]
