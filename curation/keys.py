"""Keys of model endpoints at rest: encrypted with the field key of this installation."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.utils.translation import gettext as _

from curation.errors import Invalid


def _box() -> Fernet:
    from base64 import urlsafe_b64encode
    from hashlib import sha256

    # The field key is any long secret; Fernet wants 32 bytes in base64.
    return Fernet(urlsafe_b64encode(sha256(settings.TEINEI_FIELD_KEY.encode()).digest()))


def encrypt(secret: str) -> str:
    """The secret as it may be stored; '' stays ''."""
    return _box().encrypt(secret.encode()).decode("ascii") if secret else ""


def decrypt(stored: str) -> str:
    """The secret again. Raises Invalid where the installation's field key is another one by now."""
    if not stored:
        return ""
    try:
        return _box().decrypt(stored.encode("ascii")).decode()
    except (InvalidToken, UnicodeEncodeError):
        raise Invalid(
            _("The endpoint's key cannot be read with this installation's field key. Give the key again."),
            field="key",
        ) from None
