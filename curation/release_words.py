"""What the page of a release says in words: how to cite it, and the terms it goes out under."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from curation.formats.writing import ReleaseDescription
from curation.formats.writing.card import bibtex_of, citation_cff
from curation.models import Release, Rights


def cited(release: Release) -> dict[str, str]:
    """`text`, `bibtex` and `cff` (CITATION.cff), the last two as the exports write them, with the home page if there is one."""
    dataset, page = release.dataset, getattr(release, "page", None)
    version = f", version {release.version}" if release.version else ""
    description = ReleaseDescription(
        name=release.name,
        dataset=dataset.slug,
        taxonomy="",
        licence="",
        terms="",
        citation="",
        created=f"{release.frozen_at:%Y-%m-%d}",
        summary=release.snapshot.get("summary", dataset.description),
        homepage=page.homepage if page else "",
        version=release.version,
        root_hash=release.root_hash,
    )
    text = f"{dataset.name}, {release.name}{version}, {release.frozen_at:%Y}. sha256:{release.root_hash}"
    return {"text": text, "bibtex": bibtex_of(description), "cff": citation_cff(description)}


def terms_of(release: Release) -> list[tuple[str, str]]:
    """Rows of what one may do with the release; what was not said is left out."""
    rights: dict[str, Any] = release.rights
    gates = dict(Rights.Gate.choices)
    rows = [
        (_("Name"), rights.get("name", "")),
        (_("Licence"), rights.get("licence", "")),
        (_("Access"), str(gates.get(rights.get("gate", ""), ""))),
        (_("Purpose"), rights.get("purpose", "")),
        (_("Attribution"), rights.get("attribution", "")),
    ]
    if rights:
        redistributable = rights.get("redistributable", True)
        rows.append((_("Passing it on"), _("Allowed") if redistributable else _("Not allowed")))
        inherits = rights.get("inherits", False)
        derived = _("Carry the same terms") if inherits else _("May carry other terms")
        rows.append((_("Derived works"), derived))
    return [(label, value) for label, value in rows if value]
