"""Which response a row of a file means: by the text's hash where it is given, else by (item, model) if that is one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from annotation.models import RatingTask, Response
from curation.formats.faults import Fault, gettext_noop


class Responses:
    """A set of responses to look in; grows by `add`."""

    def __init__(self, responses: Iterable[Response]) -> None:
        self._of: dict[tuple[str, str], list[Response]] = defaultdict(list)
        for response in responses:
            self.add(response)

    def add(self, response: Response) -> None:
        self._of[(response.item_key, response.model)].append(response)

    def find(self, item: str, model: str, sha256: str | None = None) -> Response | None:
        """The response, or None where there is none.

        Raises Fault where several answers of the model to the item are known and the row does not say which. A hash
        never falls back to (item, model): another text is another response.
        """
        found = self._of.get((item, model), [])
        if sha256:
            return next((r for r in found if sha256 in (r.text_id, r.stated_hash)), None)
        if len(found) > 1:
            raise Fault(
                gettext_noop("%(model)s has %(n)d responses to this item; name the one by response_sha256"),
                field="item",
                content=item,
                model=model,
                n=len(found),
            )
        return found[0] if found else None


def responses_of(task: RatingTask) -> Responses:
    """Those of the task's population."""
    return Responses(Response.objects.filter(in_tasks__task=task).order_by("pk"))
