"""The terms under which items came in."""

from __future__ import annotations

from pathlib import Path

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from curation.errors import Invalid
from curation.formats.objects import read_object
from curation.models import Dataset, Rights


def rights_named(dataset: Dataset, name_or_file: str) -> Rights:
    """The dataset's terms of that name, or those of a JSON file that describes them.

    Raises Invalid where there is neither: terms are never made up.
    """
    known = Rights.objects.filter(dataset=dataset, name=name_or_file).first()
    if known:
        return known
    path = Path(name_or_file)
    names = ", ".join(Rights.objects.filter(dataset=dataset).values_list("name", flat=True)) or "-"
    if not path.is_file():
        message = _("There are no terms or file named “%(name)s”. This dataset has: %(names)s.")
        raise Invalid(message % {"name": name_or_file, "names": names}, field="rights")
    given = read_object(path)
    columns = {f.name for f in Rights._meta.fields} - {"id", "dataset"}
    unknown = sorted(set(given) - columns)
    if unknown:
        message = _("The terms have unknown fields: %(names)s.")
        raise Invalid(message % {"names": ", ".join(unknown)}, field="rights")
    texts = [
        key for key in columns - {"inherits", "redistributable"} if not isinstance(given.get(key, ""), str)
    ]
    if texts:
        message = _("The terms cannot be used: %(field)s: %(why)s")
        raise Invalid(message % {"field": texts[0], "why": _("it must be a text.")}, field=texts[0])
    terms = Rights(dataset=dataset, **given)
    try:
        # The same name again is the same terms, not a fault.
        terms.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        field, why = next(iter(error.message_dict.items()))
        message = _("The terms cannot be used: %(field)s: %(why)s")
        raise Invalid(message % {"field": field, "why": " ".join(why)}, field=field) from None
    return Rights.objects.get_or_create(
        dataset=dataset, name=terms.name, defaults={k: getattr(terms, k) for k in given if k != "name"}
    )[0]
