"""Every address of the site. The apps own their paths; nothing but the frame stands here."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from config import health
from curation.views import sign_in

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("accounts/login/", sign_in.sign_in, name="account_login"),
    path("accounts/", include("allauth.urls")),
    path("i18n/setlang/", sign_in.language, name="set_language"),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/", include("curation.api_urls")),
    path("", include("finetune.urls")),
    path("", include("judging.urls")),
    path("", include("annotation.urls")),
    path("", include("curation.urls")),
]
