"""Addresses of fine-tuning."""

from __future__ import annotations

from django.urls import include, path

from finetune.views import training

app_name = "finetune"

training_urls = [
    path("", training.training, name="training"),
    path("new/", training.training_new, name="training_new"),
    path("<int:pk>/", training.training_run, name="training_run"),
    path("<int:pk>/cancel/", training.training_cancel, name="training_cancel"),
    path("<int:pk>/resume/", training.training_resume, name="training_resume"),
    path("<int:pk>/evaluate/", training.training_evaluate, name="training_evaluate"),
]
urlpatterns = [path("d/<slug:dataset>/training/", include(training_urls))]
