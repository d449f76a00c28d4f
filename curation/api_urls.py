"""Addresses of the ground floor's API, under /api/."""

from __future__ import annotations

from django.urls import include, path

from curation import (
    api,
    api_aid,
    api_board,
    api_bulk,
    api_checks,
    api_coverage,
    api_items,
    api_restoring,
    api_reviewing,
    api_routine,
    api_threads,
)

app_name = "curation_api"

dataset_urls = [
    path("me/", api.Me.as_view(), name="me"),
    path("items/", api.ItemList.as_view(), name="items"),
    path("items.csv", api_items.ItemTable.as_view(), name="items_csv"),
    path("items/bulk/", api_bulk.BatchList.as_view(), name="batches"),
    path("items/bulk/<int:pk>/", api_bulk.BatchDetail.as_view(), name="batch"),
    path("items/bulk/<int:pk>/carry-out/", api_bulk.BatchCarryOut.as_view(), name="batch_carry_out"),
    path("items/bulk/<int:pk>/undo/", api_bulk.BatchUndo.as_view(), name="batch_undo"),
    path("items/<int:pk>/", api.ItemDetail.as_view(), name="item"),
    path("items/<int:pk>/draft/", api.ItemDraft.as_view(), name="item_draft"),
    path("items/<int:pk>/submit/", api.ItemSubmit.as_view(), name="item_submit"),
    path("items/<int:pk>/review/", api.ItemReview.as_view(), name="item_review"),
    path("items/<int:pk>/aid/", api_aid.ItemAid.as_view(), name="item_aid"),
    path("items/<int:pk>/checks/", api_checks.ItemChecks.as_view(), name="item_checks"),
    path("items/<int:pk>/comment/", api_threads.ItemComments.as_view(), name="item_comment"),
    path("items/<int:pk>/comments/", api_threads.ItemComments.as_view(), name="item_comments"),
    path(
        "items/<int:pk>/comments/<int:comment>/resolve/",
        api_threads.CommentResolve.as_view(),
        name="comment_resolve",
    ),
    path("items/<int:pk>/restore/", api_restoring.ItemRestore.as_view(), name="item_restore"),
    path("items/<int:pk>/withdraw/", api.ItemWithdraw.as_view(), name="item_withdraw"),
    path("items/<int:pk>/reopen/", api.ItemReopen.as_view(), name="item_reopen"),
    path("board/", api_board.BoardView.as_view(), name="board"),
    path("routine/", api_routine.RoutineView.as_view(), name="routine"),
    path("coverage/", api_coverage.Coverage.as_view(), name="coverage"),
    path("items/<int:pk>/twins/", api.ItemTwins.as_view(), name="item_twins"),
    path("items/<int:pk>/lease/", api_reviewing.ItemLease.as_view(), name="item_lease"),
    path("items/<int:pk>/hand-over/", api_reviewing.ItemHandOver.as_view(), name="item_hand_over"),
    path("items/<int:pk>/move/", api_reviewing.ItemMove.as_view(), name="item_move"),
    path("notices/", api_threads.NoticeList.as_view(), name="notices"),
    path("notices/seen/", api_threads.NoticesSeen.as_view(), name="notices_seen"),
    path("writing/next/", api_reviewing.NextWriting.as_view(), name="writing_next"),
    path("reviews/next/", api_reviewing.NextReview.as_view(), name="review_next"),
    path("releases/", api.ReleaseList.as_view(), name="releases"),
    path("releases/<str:name>/", api.ReleaseDetail.as_view(), name="release"),
    path("jobs/", api.JobList.as_view(), name="jobs"),
    path("jobs/<int:pk>/", api.JobDetail.as_view(), name="job"),
    path("jobs/<int:pk>/cancel/", api.JobCancel.as_view(), name="job_cancel"),
]
urlpatterns = [path("d/<slug:dataset>/", include(dataset_urls))]
