"""Addresses of the ground floor's API, under /api/."""

from __future__ import annotations

from django.urls import include, path

from curation import api

app_name = "curation_api"

dataset_urls = [
    path("me/", api.Me.as_view(), name="me"),
    path("items/", api.ItemList.as_view(), name="items"),
    path("items/<int:pk>/", api.ItemDetail.as_view(), name="item"),
    path("items/<int:pk>/draft/", api.ItemDraft.as_view(), name="item_draft"),
    path("items/<int:pk>/submit/", api.ItemSubmit.as_view(), name="item_submit"),
    path("items/<int:pk>/review/", api.ItemReview.as_view(), name="item_review"),
    path("items/<int:pk>/comment/", api.ItemComment.as_view(), name="item_comment"),
    path("items/<int:pk>/withdraw/", api.ItemWithdraw.as_view(), name="item_withdraw"),
    path("items/<int:pk>/reopen/", api.ItemReopen.as_view(), name="item_reopen"),
    path("releases/", api.ReleaseList.as_view(), name="releases"),
    path("releases/<str:name>/", api.ReleaseDetail.as_view(), name="release"),
    path("jobs/", api.JobList.as_view(), name="jobs"),
    path("jobs/<int:pk>/", api.JobDetail.as_view(), name="job"),
    path("jobs/<int:pk>/cancel/", api.JobCancel.as_view(), name="job_cancel"),
]
urlpatterns = [path("d/<slug:dataset>/", include(dataset_urls))]
