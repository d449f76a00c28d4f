"""Errors of the ground floor as answers of the API: one sentence, and the field where there is one."""

from typing import Any

from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from curation.errors import Conflict, Invalid, NotAllowed, NotReady, TeineiError, WrongState

STATUS_OF: dict[type[TeineiError], int] = {
    NotAllowed: status.HTTP_403_FORBIDDEN,
    NotReady: status.HTTP_503_SERVICE_UNAVAILABLE,
    WrongState: status.HTTP_409_CONFLICT,
    Conflict: status.HTTP_409_CONFLICT,
    Invalid: status.HTTP_400_BAD_REQUEST,
}


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER: every error body is {"error": sentence, "field": name or ""}; None: not ours to answer."""
    for kind, code in STATUS_OF.items():
        if isinstance(error, kind):
            return Response(_sendable(error.sentence, error.field), status=code)
    response = exception_handler(error, context)
    if response is not None:
        field, sentence = first_complaint(error)
        response.data = _sendable(sentence, field)
    return response


def _sendable(sentence: str, field: str) -> dict[str, str]:
    """The body; half of a character pair that a sentence quotes is escaped, as no answer can carry it."""
    return {
        name: text.encode("utf-8", "backslashreplace").decode()
        for name, text in (("error", sentence), ("field", field))
    }


def first_complaint(error: Exception) -> tuple[str, str]:
    """(dotted field, sentence) of DRF's own errors; a validation error may nest lists and dicts of them."""
    if not isinstance(error, ValidationError):
        return "", str(error.detail) if isinstance(error, APIException) else str(error)
    path: list[str] = []
    detail: Any = error.detail
    while isinstance(detail, dict | list) and detail:
        if isinstance(detail, dict):
            key, detail = next(iter(detail.items()))
            if key != "non_field_errors":
                path.append(str(key))
        else:
            row = next(index for index, each in enumerate(detail) if each)
            if isinstance(detail[row], dict):
                path.append(str(row))
            detail = detail[row]
    return ".".join(path), str(detail)
