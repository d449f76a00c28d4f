"""Errors of the ground floor as answers of the API."""

import pytest
from rest_framework.exceptions import NotFound, ValidationError

from curation.api_errors import answer
from curation.errors import Conflict, Invalid, NotAllowed, WrongState


@pytest.mark.parametrize(
    ("error", "code"),
    [(NotAllowed("no"), 403), (WrongState("no"), 409), (Conflict("no"), 409), (Invalid("no"), 400)],
)
def test_each_error_has_its_code(error: Exception, code: int) -> None:
    response = answer(error, {})
    assert response is not None
    assert (response.status_code, response.data) == (code, {"error": "no", "field": ""})


def test_field_is_named() -> None:
    response = answer(Invalid("too long", field="question"), {})
    assert response is not None
    assert response.data == {"error": "too long", "field": "question"}


def test_nested_validation_error_names_row_and_field() -> None:
    response = answer(ValidationError({"rows": [{}, {"score": ["Six is outside the scale."]}]}), {})
    assert response is not None
    assert (response.status_code, response.data) == (
        400,
        {"error": "Six is outside the scale.", "field": "rows.1.score"},
    )


def test_missing_object_is_said_in_a_sentence() -> None:
    response = answer(NotFound("There is no such item."), {})
    assert response is not None
    assert (response.status_code, response.data) == (404, {"error": "There is no such item.", "field": ""})


def test_programming_error_is_not_swallowed() -> None:
    assert answer(KeyError("x"), {}) is None
