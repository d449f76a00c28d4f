"""Addresses of the judging floor."""

from __future__ import annotations

from django.urls import include, path

from judging.views import bring, figures, judges, leaderboard, rows, runs, studies

app_name = "judging"

study_urls = [
    path("", studies.study_list, name="studies"),
    path("bring/", bring.bring, name="bring"),
    path("bring/<slug:key>/", bring.brought, name="brought"),
    path("<int:pk>/", studies.study_page, name="study"),
    path("<int:pk>/table.csv", studies.study_csv, name="study_csv"),
    path("<int:pk>/result.json", studies.study_json, name="study_json"),
    path("<int:pk>/next/<int:study>/", figures.next_ratings, name="study_next"),
    path("<int:pk>/next/<int:study>/task/", figures.next_task, name="study_next_task"),
    path("<int:pk>/report.html", figures.report, name="study_report"),
    path("<int:pk>/figures/<int:study>/<slug:name>.<slug:form>", figures.figure, name="study_figure"),
    path("<int:pk>/responses/", rows.responses, name="study_responses"),
    path("<int:pk>/responses/<int:response>/", rows.response, name="study_response"),
    path("<int:pk>/start/", runs.start, name="run_start"),
]
judge_urls = [
    path("", judges.judge_list, name="judges"),
    path("new/", judges.new, name="judge_new"),
    path("<int:pk>/", judges.judge, name="judge"),
]
run_urls = [
    path("", runs.run_list, name="runs"),
    path("<int:pk>/", runs.run, name="run"),
    path("<int:pk>/pause/", runs.pause, name="run_pause"),
    path("<int:pk>/cancel/", runs.cancel, name="run_cancel"),
    path("<int:pk>/resume/", runs.resume, name="run_resume"),
    path("<int:pk>/reparse/", runs.reparse, name="run_reparse"),
]
board_urls = [
    path("", leaderboard.leaderboard, name="leaderboard"),
    path("result.json", leaderboard.leaderboard_json, name="leaderboard_json"),
    path("table.csv", leaderboard.leaderboard_csv, name="leaderboard_csv"),
]
urlpatterns = [
    path("d/<slug:dataset>/studies/", include(study_urls)),
    path("d/<slug:dataset>/leaderboard/", include(board_urls)),
    path("d/<slug:dataset>/judges/", include(judge_urls)),
    path("d/<slug:dataset>/judge-runs/", include(run_urls)),
]
