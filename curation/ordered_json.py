"""A field for results whose order is part of them."""

from __future__ import annotations

import json
from typing import Any

from django.db import models


class Result(models.TextField):
    """A JSON object kept as text.

    PostgreSQL's own type would put its keys in another order, and figures are listed in this one.
    """

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Any:
        return None if value is None else json.loads(value)

    def to_python(self, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, allow_nan=False)
