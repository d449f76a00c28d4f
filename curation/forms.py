"""Shapes of what people fill in. They check form, never rights: actions do."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from curation import origins
from curation.formats.criteria import KINDS, criteria_of
from curation.formats.faults import Fault
from curation.models import Batch, Category, Dataset, Review, Rights, Translation, TranslationReview
from curation.models.people import LARGEST
from curation.queries import leaf_of
from curation.templatetags.reading import tongue

ATTRIBUTES = {
    "region_specific": (_("Region-specific"), _("True or relevant in one country or region only")),
    "culture_specific": (_("Culture-specific"), _("Needs knowledge of customs or culture to be understood")),
    "regionally_disputed": (
        _("Disputed between regions"),
        _("Regions or countries disagree about the facts"),
    ),
    "evasive": (_("Evasive answer"), _("The reference answer declines or avoids a direct reply")),
    "borderline": (_("Borderline"), _("Harmless in itself, yet easily taken for harmful")),
    "needs_expert": (_("Needs an expert"), _("A specialist should look at the answer")),
}


def offer_rows(form: forms.Form, name: str, rows: QuerySet[Any]) -> None:
    """Let the field choose among these rows."""
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = rows


class FreezeForm(forms.Form):
    """What the manager chooses about a release; a number left empty is proposed by what changed."""

    name = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("Small letters, digits, dots and dashes, such as xs-0.1.")
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        min_value=-LARGEST,
        max_value=LARGEST,
        help_text=_("Draws which new questions become test questions."),
    )
    test_per_leaf = forms.IntegerField(
        label=_("Test questions per category"),
        min_value=0,
        max_value=1000,
        help_text=_("0 is a trial: it draws no test questions and is held to no target."),
    )
    version = forms.CharField(
        label=_("Version"),
        required=False,
        max_length=20,
        help_text=_("Three numbers, such as 1.2.0. Left empty, it follows from what changed."),
    )
    locales = forms.MultipleChoiceField(
        label=_("Translations that go along"), required=False, widget=forms.CheckboxSelectMultiple
    )
    leave_out = forms.BooleanField(
        label=_("Leave out translations that are not ready"),
        required=False,
        help_text=_("Their items go out without them. Otherwise every item needs an approved one."),
    )
    rights = forms.ModelChoiceField(
        label=_("Rights"),
        queryset=Rights.objects.none(),
        required=False,
        empty_label=_("None, only the terms below"),
        help_text=_("The terms the release goes out under."),
    )
    terms = forms.CharField(
        label=_("Terms in full"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("They travel with every file of the release. Left empty, those of the rights are taken."),
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What readers should know about this version. It stands on its page."),
    )

    def __init__(self, *args: Any, dataset: Dataset, **options: Any) -> None:
        super().__init__(*args, **options)
        offer_rows(self, "rights", dataset.rights.order_by("name"))
        held = Translation.objects.filter(item__dataset=dataset).order_by("locale").values_list("locale")
        locales = [locale for (locale,) in held.distinct()]
        field = self.fields["locales"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(locale, tongue(locale)) for locale in locales]
        if not locales:
            del self.fields["locales"], self.fields["leave_out"]

    def choice(self) -> dict[str, Any]:
        """The arguments of a Choice."""
        given = dict(self.cleaned_data)
        return given | {
            "version": given["version"].strip() or None,
            "locales": tuple(given.get("locales", ())),
            "leave_out": given.get("leave_out", False),
        }


class ExactText(forms.CharField):
    """A text as it was typed, with line ends of one kind; half of a character pair is refused."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, strip=False, widget=forms.Textarea, **options)

    def to_python(self, value: Any) -> str:
        text = (super().to_python(value) or "").replace("\r\n", "\n").replace("\r", "\n")
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise forms.ValidationError(
                _("The text contains half of a character pair. Type it again.")
            ) from None
        return str(text)


class LeafField(forms.ModelChoiceField):
    """One of the leaves of the form's dataset, asked for by its key."""

    dataset: Dataset

    def __init__(self) -> None:
        super().__init__(queryset=Category.objects.none(), required=False)

    def to_python(self, value: Any) -> Category | None:
        """The leaf with what stands above it; None where nothing was chosen."""
        if value in self.empty_values:
            return None
        text = str(value)
        leaf = leaf_of(self.dataset, int(text)) if text.isascii() and text.isdigit() else None
        if leaf is None:
            raise forms.ValidationError(
                self.error_messages["invalid_choice"], code="invalid_choice", params={"value": value}
            )
        return leaf


class Step(forms.Form):
    """What every piece of work carries: an id that makes a repeated submit harmless."""

    client_id = forms.CharField(required=False, max_length=64)
    version = forms.IntegerField(required=False, min_value=0)


class WordingForm(Step):
    """Question, answer and what goes with them, as a draft or as a submit; `base` is the revision begun from."""

    question = ExactText()
    answer = ExactText()
    category = LeafField()
    attributes = forms.MultipleChoiceField(choices=[(name, name) for name in ATTRIBUTES], required=False)
    sources = ExactText()
    must = ExactText()
    must_not = ExactText()
    origins = ExactText()
    base = forms.IntegerField(required=False)

    def __init__(self, *args: Any, dataset: Dataset, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["category"]
        assert isinstance(field, LeafField)
        field.dataset = dataset

    def clean(self) -> dict[str, Any]:
        """Criteria in their shape; None where the form has no fields for them."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        given = {kind: cleaned.get(kind, "") for kind in KINDS}
        cleaned["criteria"] = None
        if any(kind in self.data for kind in KINDS):
            try:
                cleaned["criteria"] = criteria_of(given)
            except Fault as fault:
                sentence = gettext(fault.template) % {"field": fault.field, **fault.values}
                self.add_error(fault.field.rpartition(".")[2], sentence)
        return cleaned

    def wording(self, before: dict[str, Any]) -> dict[str, Any]:
        """Arguments of a draft or a Wording; attributes of `before` that no box stands for are kept."""
        kept = {name: value for name, value in before.items() if name not in ATTRIBUTES}
        lines = (line.strip() for line in self.cleaned_data["sources"].splitlines())
        return {
            "question": self.cleaned_data["question"],
            "answer": self.cleaned_data["answer"],
            "category": self.cleaned_data["category"],
            "attributes": kept | dict.fromkeys(self.cleaned_data["attributes"], True),
            "sources": [line for line in lines if line],
            "criteria": self.cleaned_data["criteria"],
            "origins": origins.read(self.cleaned_data["origins"]) if self.cleaned_data["origins"] else None,
        }


GOOD = (("", _("Not said")), ("yes", _("Good")), ("no", _("Not good")))


GOOD_PART = "ok"
LONGEST_CODE = 40  # characters of a reason's code; which ones there are, the dataset's list says


class DecisionForm(Step):
    """A reviewer's decision on the revision they read; each part is good ("ok") or has the code of a reason."""

    decision = forms.ChoiceField(choices=Review.Decision.choices)
    revision = forms.IntegerField()
    question_said = forms.CharField(required=False, max_length=LONGEST_CODE)
    answer_said = forms.CharField(required=False, max_length=LONGEST_CODE)
    comment = ExactText()
    open_to_all = forms.BooleanField(required=False)
    second = forms.BooleanField(required=False)

    def given(self) -> dict[str, Any]:
        """The arguments of `actions.reviews.review`."""
        names = ("decision", "revision", "comment", "open_to_all", "second")
        said = {part: self.cleaned_data[f"{part}_said"] for part in ("question", "answer")}
        return {name: self.cleaned_data[name] for name in names} | {
            "question_ok": said["question"] == GOOD_PART if said["question"] else None,
            "answer_ok": said["answer"] == GOOD_PART if said["answer"] else None,
            "reasons": {part: code for part, code in said.items() if code not in ("", GOOD_PART)},
            "client_id": self.cleaned_data["client_id"] or None,
        }


class MoveForm(Step):
    """Where an item belongs, and why, for its author."""

    revision = forms.IntegerField()
    category = forms.ModelChoiceField(queryset=Category.objects.none())
    comment = ExactText()

    def __init__(self, *args: Any, dataset: Dataset, **options: Any) -> None:
        super().__init__(*args, **options)
        offer_rows(self, "category", Category.objects.filter(taxonomy=dataset.taxonomy_id, level=3))


class BulkForm(forms.Form):
    """A verb for several items and what goes with it; a part without a reason is good."""

    verb = forms.ChoiceField(choices=Batch.Verb.choices)
    category = forms.ModelChoiceField(queryset=Category.objects.none(), required=False)
    question_reason = forms.CharField(required=False, max_length=LONGEST_CODE)
    answer_reason = forms.CharField(required=False, max_length=LONGEST_CODE)
    open_to_all = forms.BooleanField(required=False)

    def __init__(self, *args: Any, dataset: Dataset, **options: Any) -> None:
        super().__init__(*args, **options)
        offer_rows(self, "category", Category.objects.filter(taxonomy=dataset.taxonomy_id, level=3))

    def plan(self) -> dict[str, Any]:
        """The arguments of a plan."""
        given = self.cleaned_data
        reasons = {part: given[f"{part}_reason"] for part in ("question", "answer")}
        return {
            "verb": given["verb"],
            "category": given["category"],
            "reasons": {part: code for part, code in reasons.items() if code not in ("", GOOD_PART)},
            "open_to_all": given["open_to_all"],
        }


class GuidelineForm(Step):
    """The next version of the guideline, as a draft or to be brought into force; `base` is the version begun from."""

    text_ja = ExactText()
    text_en = ExactText()
    changed = ExactText()
    base = forms.IntegerField(required=False, min_value=0, max_value=LARGEST)


class ReviewingForm(forms.Form):
    """How reviews go in a dataset; the ranges are the action's."""

    lease_minutes = forms.IntegerField()
    twice_share = forms.IntegerField()
    second_after_fix = forms.BooleanField(required=False)


class TranslationForm(Step):
    """A translation as a draft or as a submit; `source` is the source revision that was read."""

    question = ExactText()
    answer = ExactText()
    source = forms.IntegerField(required=False)


class TranslationReviewForm(Step):
    """A bilingual reviewer's decision on the translation revision they read."""

    decision = forms.ChoiceField(choices=TranslationReview.Decision.choices)
    revision = forms.IntegerField()
    adequacy = forms.TypedChoiceField(
        choices=[(n, n) for n in range(1, 6)], coerce=int, empty_value=None, required=False
    )
    fluency = forms.TypedChoiceField(
        choices=[(n, n) for n in range(1, 6)], coerce=int, empty_value=None, required=False
    )
    safety_kept = forms.ChoiceField(choices=GOOD, required=False)
    reason = forms.CharField(required=False, max_length=LONGEST_CODE)
    comment = ExactText()

    def clean(self) -> dict[str, Any]:
        """An approval says how good the translation is; what is sent back may leave that open."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("decision") == TranslationReview.Decision.APPROVE:
            for name in ("adequacy", "fluency"):
                if cleaned.get(name) is None and name not in self.errors:
                    self.add_error(name, _("Choose a value from 1 to 5 first."))
        return cleaned

    def given(self) -> dict[str, Any]:
        """The arguments of `actions.translations.review`."""
        names = ("decision", "revision", "adequacy", "fluency", "reason", "comment")
        said = {"yes": True, "no": False}
        return {name: self.cleaned_data[name] for name in names} | {
            "safety_kept": said.get(self.cleaned_data["safety_kept"]),
            "client_id": self.cleaned_data["client_id"] or None,
        }
