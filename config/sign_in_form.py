"""The sign-in form's words: what is asked for is the name, and a placeholder does not say it a second time."""

from typing import Any

from allauth.account.forms import LoginForm
from django.utils.translation import gettext_lazy as _


class SignInForm(LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Sign-in name or mail address")
        for name in ("login", "password"):
            self.fields[name].widget.attrs.pop("placeholder", None)
