"""The Label Studio partner: responses out, blinded; annotations back as ratings. The only file that knows its SDK."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import quoteattr

from django.utils.translation import gettext as _

from annotation.models import Response, Rubric
from curation.errors import Invalid


@dataclass(frozen=True, kw_only=True)
class Annotated:
    """An annotation as it came: which response, whose, which choice."""

    annotation_id: int
    updated_at: str
    response: int
    rater: str
    score: str
    comment: str
    seconds: float | None


CANNOT_DECIDE = "cannot_decide"


def config_of(rubric: Rubric) -> str:
    """The labelling page: question, response, one choice per point with its anchor, cannot decide, a reason."""
    choices = "".join(
        f"<Choice value={quoteattr(point)} alias={quoteattr(point)} html={quoteattr(_anchor(rubric, point))}/>"
        for point in rubric.points
    )
    return (
        "<View>"
        '<Header value="質問"/><Text name="question" value="$question"/>'
        '<Header value="回答"/><Text name="response" value="$response"/>'
        '<Choices name="score" toName="response" choice="single" required="true" showInline="false">'
        f'{choices}<Choice value="{CANNOT_DECIDE}" html="判断できない"/></Choices>'
        '<TextArea name="comment" toName="response" placeholder="理由" rows="2" maxSubmissions="1"/>'
        "</View>"
    )


def _anchor(rubric: Rubric, point: str) -> str:
    anchor = rubric.anchors.get(point) or {}
    # The partner renders this attribute as HTML: the words are escaped once for it, once for the XML.
    words = f"{point} {anchor.get('ja', '')}".strip()
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def payload_of(response: Response) -> dict[str, Any]:
    """What the partner gets of a response: the texts and our number for it; no model, no category."""
    assert response.text is not None
    question = response.question_text.body if response.question_text else ""
    return {"teinei_response": response.pk, "question": question, "response": response.text.body}


class Partner:
    """A connection to one Label Studio. Raises Invalid, with what to do, where there is no SDK or no answer."""

    def __init__(self, *, url: str, key: str) -> None:
        if not url or not key:
            raise Invalid(_("Name the Label Studio server: set LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY."))
        try:
            from label_studio_sdk import LabelStudio
        except ImportError:
            raise Invalid(
                _("The Label Studio client is not installed: pip install -r requirements/labelstudio.txt.")
            ) from None
        self.url = url
        self.client = LabelStudio(base_url=url, api_key=key)
        try:
            self.client.users.whoami()
        except Exception as error:  # the SDK raises its own and httpx's errors
            raise Invalid(
                _("Label Studio at %(url)s does not answer: %(error)s")
                % {"url": url, "error": type(error).__name__}
            ) from None

    def create_project(self, title: str, config: str) -> int:
        return int(self.client.projects.create(title=title.ljust(3, "_"), label_config=config).id)

    def pushed(self, project: int) -> set[int]:
        """Our numbers of the responses that the project holds."""
        tasks = self.client.tasks.list(project=project)
        return {int(task.data["teinei_response"]) for task in tasks if "teinei_response" in task.data}

    def push(self, project: int, payloads: list[dict[str, Any]]) -> None:
        for start in range(0, len(payloads), 500):
            self.client.projects.import_tasks(id=project, request=payloads[start : start + 500])

    def annotations(self, project: int) -> Iterator[Annotated]:
        """Every submitted annotation of the project; cancelled (skipped) ones are left out."""
        for task in self.client.projects.exports.as_json(project_id=project):
            number = task.get("data", {}).get("teinei_response")
            for annotation in task.get("annotations") or []:
                if isinstance(number, int) and not annotation.get("was_cancelled"):
                    yield _annotated(annotation, number)


def _annotated(annotation: dict[str, Any], response: int) -> Annotated:
    """Everything in it is foreign: types are checked, what is missing stays empty and is set apart by the caller."""
    score, comment = "", ""
    for result in annotation.get("result") or []:
        value = result.get("value") or {}
        if result.get("from_name") == "score":
            score = str((value.get("choices") or [""])[0])
        elif result.get("from_name") == "comment":
            comment = "\n".join(str(line) for line in value.get("text") or [])
    who = annotation.get("completed_by")
    who = who.get("id") if isinstance(who, dict) else who
    seconds = annotation.get("lead_time")
    return Annotated(
        annotation_id=int(annotation["id"]),
        updated_at=str(annotation.get("updated_at") or "")[:40],
        response=response,
        rater=f"labelstudio-{who}",
        score=score,
        comment=comment,
        seconds=float(seconds) if isinstance(seconds, int | float) else None,
    )
