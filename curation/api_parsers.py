"""Bodies of the API."""

from __future__ import annotations

import math
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class Json(JSONParser):
    """JSON, also of hostile depth and size: what Python's reader gives up at, or reads as infinity, is told."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        try:
            value = super().parse(*args, **kwargs)
            _refuse_infinite(value, "JSON")
        except RecursionError:
            raise ParseError(_("The JSON is nested too deep.")) from None
        return value


def _refuse_infinite(value: Any, field: str) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        sentence = _("%(field)s is not a finite number; JSON has no NaN or Infinity")
        raise ParseError(sentence % {"field": field})
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            _refuse_infinite(inner, str(key) if isinstance(value, dict) else field)
