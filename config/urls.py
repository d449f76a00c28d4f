"""Every address of the site. The apps own their paths; nothing but the frame stands here."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from config import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("", include("finetune.urls")),
    path("", include("judging.urls")),
    path("", include("annotation.urls")),
    path("", include("curation.urls")),
]
