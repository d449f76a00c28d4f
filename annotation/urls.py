"""Addresses of the rating floor."""

from __future__ import annotations

from django.urls import include, path

from annotation import api, api_raters
from annotation.views import adjudicate, blinding, own, partner, practice, quality, rate, rubrics, tasks

app_name = "annotation"

rate_urls = [
    path("", rate.task_list, name="rate"),
    path("<int:pk>/", rate.task, name="rate_task"),
    path("<int:pk>/next/", rate.following, name="rate_next"),
    path("<int:pk>/submit/", rate.submit, name="rate_submit"),
    path("<int:pk>/skip/", rate.skip, name="rate_skip"),
    path("<int:pk>/undo/", rate.undo, name="rate_undo"),
    path("<int:pk>/draft/", rate.draft, name="rate_draft"),
    path("<int:pk>/own/<str:token>/", rate.own, name="rate_own"),
    path("<int:pk>/warning/", practice.warning, name="rate_warning"),
    path("<int:pk>/guide/", practice.guide, name="rate_guide"),
    path("<int:pk>/practice/", practice.practise, name="practice"),
    path("<int:pk>/rest/", practice.rest, name="rate_rest"),
    path("<int:pk>/mine/", own.mine, name="rate_mine"),
]
task_urls = [
    path("", tasks.task_list, name="tasks"),
    path("new/", tasks.new, name="task_new"),
    path("<int:pk>/", tasks.task, name="task"),
    path("<int:pk>/close/", tasks.close, name="task_close"),
    path("<int:pk>/reopen/", tasks.reopen, name="task_reopen"),
    path("<int:pk>/raters/", tasks.add_raters, name="task_raters"),
    path("<int:pk>/pause/", tasks.pause, name="task_pause"),
    path("<int:pk>/attempt/", practice.allow, name="task_attempt"),
    path("<int:pk>/drafts/", own.drafts, name="task_drafts"),
    path("<int:pk>/blinding/", blinding.blinding, name="task_blinding"),
]
quality_urls = [
    path("quality/", quality.quality, name="quality"),
    path("quality/rows/", quality.rows, name="quality_rows"),
    path("quality/json/", quality.quality_json, name="quality_json"),
    path("quality/csv/", quality.quality_csv, name="quality_csv"),
    path("adjudicate/", adjudicate.queue, name="adjudicate"),
    path("adjudicate/next/", adjudicate.begin, name="adjudicate_next"),
    path("adjudicate/<int:response>/", adjudicate.one, name="adjudicate_one"),
]
rubric_urls = [
    path("", rubrics.rubric_list, name="rubrics"),
    path("bring/", rubrics.bring, name="rubric_bring"),
    path("<int:pk>/", rubrics.rubric, name="rubric"),
    path("<int:pk>/new/", rubrics.new_version, name="rubric_new"),
    path("<int:pk>/sign/", rubrics.sign, name="rubric_sign"),
    path("<int:pk>/cases/", rubrics.cases, name="rubric_cases"),
    path("<int:pk>/cases/<int:case>/remove/", rubrics.case_remove, name="rubric_case_remove"),
]
partner_urls = [
    path("", partner.exchange, name="partner"),
    path("connection/", partner.connection, name="partner_connection"),
    path("sync/", partner.synchronise, name="partner_sync"),
    path("anew/", partner.anew, name="partner_anew"),
    path("conflicts/<int:conflict>/", partner.decide, name="partner_decide"),
]
api_urls = [
    path("tasks/", api.TaskList.as_view(), name="api_tasks"),
    path("tasks/<int:pk>/", api.TaskDetail.as_view(), name="api_task"),
    path("tasks/<int:pk>/blinding/", api_raters.Blinding.as_view(), name="api_blinding"),
    path("tasks/<int:pk>/warning/", api_raters.Warned.as_view(), name="api_warning"),
    path("tasks/<int:pk>/practice/", api_raters.Practice.as_view(), name="api_practice"),
    path("tasks/<int:pk>/draft/", api_raters.DraftOf.as_view(), name="api_draft"),
    path("tasks/<int:pk>/attempt/", api_raters.Attempt.as_view(), name="api_attempt"),
    path("tasks/<int:pk>/next/", api.Next.as_view(), name="api_next"),
    path("tasks/<int:pk>/ratings/", api.Ratings.as_view(), name="api_ratings"),
]
urlpatterns = [
    path("d/<slug:dataset>/rate/", include(rate_urls)),
    path("d/<slug:dataset>/tasks/", include(task_urls)),
    path("d/<slug:dataset>/rubrics/", include(rubric_urls)),
    path("d/<slug:dataset>/tasks/<int:pk>/", include(quality_urls)),
    path("d/<slug:dataset>/tasks/<int:pk>/label-studio/", include(partner_urls)),
    path("hooks/label-studio/<int:pk>/", partner.hook, name="partner_hook"),
    path("api/d/<slug:dataset>/", include(api_urls)),
]
