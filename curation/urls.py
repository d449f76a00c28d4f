"""Addresses of the ground floor, grouped by the object they hang on."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from curation.views import (
    coverage,
    freeze,
    home,
    items,
    jobs,
    me,
    outgoing,
    people,
    redactions,
    release_items,
    release_page,
    releases,
    review,
    rights,
    sign_in,
    styleguide,
    translate,
    versions,
    write,
)

app_name = "curation"

item_urls = [
    path("", items.item_list, name="items"),
    path("<int:pk>/", items.item, name="item"),
    path("<int:pk>/comment/", items.comment, name="item_comment"),
    path("<int:pk>/withdraw/", items.withdraw, name="item_withdraw"),
    path("<int:pk>/reopen/", items.reopen, name="item_reopen"),
    path("<int:pk>/redact/", redactions.redaction_ask, name="redaction_ask"),
]
write_urls = [
    path("", write.write, name="write"),
    path("new/", write.new, name="write_new"),
    path("<int:pk>/", write.item, name="write_item"),
    path("<int:pk>/draft/", write.draft, name="write_draft"),
    path("<int:pk>/submit/", write.submit, name="write_submit"),
]
review_urls = [
    path("", review.queue, name="review"),
    path("<int:pk>/", review.item, name="review_item"),
    path("<int:pk>/draft/", review.draft, name="review_draft"),
]
translate_urls = [
    path("", translate.queue, name="translate"),
    path("<int:pk>/", translate.item, name="translate_item"),
    path("<int:pk>/draft/", translate.draft, name="translate_draft"),
    path("check/", translate.review_queue, name="translation_review"),
    path("check/<int:pk>/", translate.review_item, name="translation_review_item"),
]
release_urls = [
    path("", releases.release_list, name="releases"),
    path("freeze/", freeze.choose, name="release_freeze"),
    path("freeze/<int:pk>/", freeze.draft, name="release_draft"),
    path("freeze/<int:pk>/again/", freeze.again, name="release_draft_again"),
    path("freeze/<int:pk>/waive/", freeze.waive, name="release_draft_waive"),
    path("freeze/<int:pk>/confirm/", freeze.confirm, name="release_draft_confirm"),
    path("<str:name>/files/", outgoing.files, name="release_files"),
    path("<str:name>/export/", outgoing.export, name="release_export"),
    path("<str:name>/download/<int:job>/", outgoing.download, name="release_download"),
    path("<str:name>/links/", outgoing.link_make, name="link_make"),
    path("<str:name>/links/<int:pk>/revoke/", outgoing.link_revoke, name="link_revoke"),
    path("<str:name>/publishing/", outgoing.publishing, name="release_publishing"),
    path("<str:name>/publish/", outgoing.plan, name="release_plan"),
    path("<str:name>/publish/<int:pk>/", outgoing.publish, name="release_publish"),
    path("<str:name>/", release_page.release, name="release"),
    path("<str:name>/page/", release_page.publish_page, name="release_page"),
    path("<str:name>/figures/<slug:figure>.<slug:form>", release_page.figure, name="release_figure"),
    path("<str:name>/cite.<slug:form>", release_page.citation, name="release_citation"),
    path("<str:name>/items/", release_items.item_list, name="release_items"),
    path("<str:name>/items/<path:key>/", release_items.item, name="release_item"),
    path("<str:name>/diff/<str:old>/", versions.diff, name="release_diff"),
    path("<str:name>/correct/", versions.correct, name="release_correct"),
]
job_urls = [
    path("", jobs.job_list, name="jobs"),
    path("<int:pk>/cancel/", jobs.job_cancel, name="job_cancel"),
]
redaction_urls = [
    path("", redactions.redaction_list, name="redactions"),
    path("<int:pk>/confirm/", redactions.redaction_confirm, name="redaction_confirm"),
    path("<int:pk>/take-back/", redactions.redaction_take_back, name="redaction_take_back"),
]
rights_urls = [
    path("", rights.rights_list, name="rights"),
    path("new/", rights.rights_new, name="rights_new"),
    path("<int:pk>/", rights.rights_one, name="rights_one"),
]
people_urls = [
    path("", people.people, name="people"),
    path("add/", people.people_add, name="people_add"),
    path("<int:pk>/remove/", people.people_remove, name="people_remove"),
]
dataset_urls: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("items/", include(item_urls)),
    path("write/", include(write_urls)),
    path("review/", include(review_urls)),
    path("translate/", include(translate_urls)),
    path("releases/", include(release_urls)),
    path("coverage/", coverage.coverage_page, name="coverage"),
    path("taxonomy/", coverage.taxonomy_page, name="taxonomy"),
    path("taxonomy/mapping/", coverage.mapping_page, name="mapping"),
    path("taxonomy/mapping/sign/", coverage.mapping_sign, name="mapping_sign"),
    path("rights/", include(rights_urls)),
    path("people/", include(people_urls)),
    path("redactions/", include(redaction_urls)),
    path("jobs/", include(job_urls)),
    path("me/", me.me, name="me"),
    path("me/care/", me.care, name="me_care"),
    path("me/opt-outs/", me.opt_outs, name="me_opt_outs"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.start, name="start"),
    path("enter/", sign_in.enter, name="enter"),
    path("preferences/", home.preferences, name="preferences"),
    path("download/<str:secret>/", outgoing.link, name="link"),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
    path("d/<slug:dataset>/", include(dataset_urls)),
    path("r/<slug:dataset>/<str:name>/", release_page.public_release, name="public_release"),
    path(
        "r/<slug:dataset>/<str:name>/figures/<slug:figure>.<slug:form>",
        release_page.public_figure,
        name="public_figure",
    ),
    path(
        "r/<slug:dataset>/<str:name>/cite.<slug:form>", release_page.public_citation, name="public_citation"
    ),
]
