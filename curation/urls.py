"""Addresses of the ground floor, grouped by the object they hang on."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from curation.views import (
    board,
    bulk,
    care,
    checking,
    codebook,
    coverage,
    freeze,
    guideline,
    home,
    import_items,
    item_list,
    items,
    jobs,
    me,
    notices,
    outgoing,
    people,
    redactions,
    release_items,
    release_page,
    releases,
    restoring,
    review,
    review_doubles,
    review_leases,
    review_moves,
    rights,
    sign_in,
    styleguide,
    targets,
    threads,
    translate,
    versions,
    write,
    write_leases,
    write_list,
)

app_name = "curation"

item_urls = [
    path("", item_list.item_list, name="items"),
    path("bulk/", bulk.bulk, name="batches"),
    path("bulk/<int:pk>/", bulk.batch, name="batch"),
    path("bulk/<int:pk>/carry-out/", bulk.carry_out, name="batch_carry_out"),
    path("bulk/<int:pk>/undo/", bulk.undo, name="batch_undo"),
    path("<int:pk>/", items.item, name="item"),
    path("<int:pk>/comment/", threads.comment, name="item_comment"),
    path("<int:pk>/comment/<int:comment>/", threads.resolve, name="comment_resolve"),
    path("names/", threads.names, name="item_names"),
    path("<int:pk>/checks/", checking.dismiss, name="item_checks"),
    path("<int:pk>/withdraw/", items.withdraw, name="item_withdraw"),
    path("<int:pk>/reopen/", items.reopen, name="item_reopen"),
    path("<int:pk>/restore/", restoring.restore, name="item_restore"),
    path("<int:pk>/redact/", redactions.redaction_ask, name="redaction_ask"),
]
write_urls = [
    path("", write_list.write, name="write"),
    path("new/", write_list.new, name="write_new"),
    path("<int:pk>/", write.item, name="write_item"),
    path("<int:pk>/draft/", write.draft, name="write_draft"),
    path("<int:pk>/let-go/", write_list.give_back, name="write_let_go"),
    path("<int:pk>/beat/", write_leases.beat, name="write_beat"),
    path("<int:pk>/leave/", write_leases.leave, name="write_leave"),
    path("<int:pk>/hand-over/", write_leases.hand_over, name="write_hand_over"),
    path("<int:pk>/submit/", write.submit, name="write_submit"),
    path("<int:pk>/twins/", write.twins, name="write_twins"),
]
review_urls = [
    path("", review.queue, name="review"),
    path("<int:pk>/", review.item, name="review_item"),
    path("doubles/", review_doubles.doubles, name="review_doubles"),
    path("doubles/routine/", review_doubles.routine, name="review_routine"),
    path("next/", review_leases.next_item, name="review_next"),
    path("<int:pk>/draft/", review.draft, name="review_draft"),
    path("<int:pk>/twins/", review.twins, name="review_twins"),
    path("<int:pk>/take/", review_leases.take, name="review_take"),
    path("<int:pk>/beat/", review_leases.beat, name="review_beat"),
    path("<int:pk>/let-go/", review_leases.let_go, name="review_let_go"),
    path("<int:pk>/hand-over/", review_leases.hand_over, name="review_hand_over"),
    path("<int:pk>/move/", review_moves.move, name="review_move"),
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
guideline_urls = [
    path("", guideline.newest, name="guideline"),
    path("new/", guideline.new, name="guideline_new"),
    path("draft/", guideline.draft, name="guideline_draft"),
    path("<int:version>/", guideline.version, name="guideline_version"),
    path("<int:version>/since/<int:older>/", guideline.difference, name="guideline_difference"),
    path("<int:version>/sign/", guideline.sign, name="guideline_sign"),
]
reason_urls = [
    path("", codebook.newest, name="codebook"),
    path("new/", codebook.new, name="codebook_new"),
    path("draft/", codebook.draft, name="codebook_draft"),
    path("<int:version>/", codebook.version, name="codebook_version"),
    path("<int:version>/sign/", codebook.sign, name="codebook_sign"),
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
import_urls = [
    path("", import_items.bring, name="import_items"),
    path("<slug:key>/", import_items.file, name="import_file"),
    path("<slug:key>/faults.csv", import_items.faults, name="import_faults"),
    path("<slug:key>/mapping.json", import_items.mapping, name="import_mapping"),
]
dataset_urls: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("items/", include(item_urls)),
    path("import/", include(import_urls)),
    path("items.csv", item_list.download, name="items_csv"),
    path("write/", include(write_urls)),
    path("review/", include(review_urls)),
    path("translate/", include(translate_urls)),
    path("releases/", include(release_urls)),
    path("board/", board.board, name="board"),
    path("coverage/", coverage.coverage_page, name="coverage"),
    path("coverage/targets/", targets.targets, name="targets"),
    path("coverage/targets.csv", targets.download, name="targets_csv"),
    path("coverage/targets/file/", targets.from_file, name="targets_file"),
    path("coverage/routine/", targets.routine, name="routine"),
    path("coverage/lengths/", targets.lengths, name="lengths"),
    path("taxonomy/", coverage.taxonomy_page, name="taxonomy"),
    path("taxonomy/mapping/", coverage.mapping_page, name="mapping"),
    path("taxonomy/mapping/sign/", coverage.mapping_sign, name="mapping_sign"),
    path("guideline/", include(guideline_urls)),
    path("reasons/", include(reason_urls)),
    path("rights/", include(rights_urls)),
    path("people/", include(people_urls)),
    path("redactions/", include(redaction_urls)),
    path("jobs/", include(job_urls)),
    path("me/", me.me, name="me"),
    path("me/care/", me.care, name="me_care"),
    path("me/covers/", me.covers, name="me_covers"),
    path("me/rest/", care.rest, name="me_rest"),
    path("me/warning/", care.warning, name="warning"),
    path("me/worked/", care.worked, name="me_worked"),
    path("me/opt-outs/", me.opt_outs, name="me_opt_outs"),
    path("me/digest/", notices.digest, name="me_digest"),
    path("notices/", notices.notices, name="notices"),
    path("notices/seen/", notices.seen, name="notices_seen"),
    path("notices/count/", notices.count, name="notices_count"),
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
