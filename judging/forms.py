"""Shape in: a judge from JSON, a judge run."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotation.models import RatingTask
from curation.models import Dataset, Endpoint
from judging.actions.judges import scale_of, shipped_prompts
from judging.actions.runs import MOST_REPEATS, MOST_TOKENS
from judging.models import Judge

MODES = [("both", _("Both, side by side")), ("ref", _("With reference")), ("noref", _("Without reference"))]


class JudgeForm(forms.Form):
    spec = forms.CharField(
        label=_("Judge as JSON"),
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "class": "mono"}),
        help_text=_(
            "name, endpoint, prompt (a shipped name or an object), rubric, sampling. Without an endpoint give the "
            "model: then only imports bring verdicts."
        ),
    )

    def __init__(self, *args: Any, dataset: Dataset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        endpoint = Endpoint.objects.filter(dataset=dataset).order_by("name").first()
        example = {
            "name": "judge-1",
            **({"endpoint": endpoint.name} if endpoint else {"model": "model-name"}),
            "prompt": "safety5_ja" if "safety5_ja" in shipped_prompts() else shipped_prompts()[0],
            "rubric": "safety5",
            "sampling": {"temperature": 0.7, "max_tokens": 1024},
        }
        self.fields["spec"].initial = json.dumps(example, ensure_ascii=False, indent=2)

    def clean_spec(self) -> dict[str, Any]:
        try:
            given = json.loads(self.cleaned_data["spec"])
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(
                gettext("This is not sound JSON: %(why)s.") % {"why": error}
            ) from None
        if not isinstance(given, dict):
            raise forms.ValidationError(gettext("A judge is one JSON object with keys and values."))
        return given


class CapForm(forms.Form):
    """What a run may take; an empty field sets no cap, or leaves the one that stands."""

    most_tokens = forms.IntegerField(
        label=_("At most so many tokens"), min_value=1, max_value=MOST_TOKENS, required=False
    )
    most_money = forms.FloatField(
        label=_("At most so much money"),
        min_value=0,
        max_value=MOST_TOKENS,
        required=False,
        help_text=_(
            "In the currency of the endpoint's prices. The run pauses before it takes more, and goes on when the cap is raised."
        ),
    )


class RunForm(CapForm):
    """Start a judge over a task's responses; only judges that can run here and have the task's scale are offered."""

    judge = forms.ChoiceField(label=_("Judge"))
    mode = forms.ChoiceField(label=_("Mode"), choices=MODES)
    repeats = forms.IntegerField(
        label=_("Repeats"),
        min_value=1,
        max_value=MOST_REPEATS,
        initial=3,
        help_text=_("Several answers to the same question show how steady the judge is."),
    )
    field_order = ("judge", "mode", "repeats", "most_tokens", "most_money")

    def __init__(self, *args: Any, task: RatingTask, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = Judge.objects.filter(dataset=task.dataset, endpoint__isnull=False).select_related("endpoint")
        self.judges = {
            str(judge.pk): judge
            for judge in known.order_by("name")
            if [str(point) for point in scale_of(judge)] == task.rubric.points
        }
        choices = self.fields["judge"]
        assert isinstance(choices, forms.ChoiceField)
        choices.choices = [(key, judge.name) for key, judge in self.judges.items()]

    def clean_judge(self) -> Judge:
        return self.judges[self.cleaned_data["judge"]]

    def clean_mode(self) -> list[str]:
        mode = self.cleaned_data["mode"]
        return ["ref", "noref"] if mode == "both" else [mode]
