"""Posts on phones whose apps lay sheets over the way, hurry their uploads, drop taps and quote anybody: out once, or told."""

from __future__ import annotations

import pytest

from simulator.apps.kit.sheets import sheet_names

#: what the phone is told, app, outcome, error code
CASES = [
    *((f"fault popup {name}", app, "published", "") for app in ("tiktok", "instagram") for name in sheet_names(app)),
    ("fault security-check", "tiktok", "unknown", "security_check"),
    ("set tiktok.uploads-hurry on", "tiktok", "published", ""),
    ("set instagram.uploads-hurry on", "instagram", "published", ""),
    ("set tiktok.editor-loads 2", "tiktok", "published", ""),
    ("set tiktok.words Upload_failed", "tiktok", "published", ""),
    ("set instagram.words Try_Again_Later", "instagram", "published", ""),
]  # fmt: skip


@pytest.mark.timeout(300)
def test_what_lies_over_the_way_is_cleared_and_the_post_goes_out_once(hub):
    one = hub(len(CASES))
    daemon = one.start()
    phones = one.phones
    tasks = []
    for number, (words, app, _, _) in enumerate(CASES):
        phones.simctl(phones.serials[number], *words.split())
        config = {
            "captions": f"post {number}",
            "material_list": [str(one.video)],
            "post_way": "addButton",
            "upload_wait_time": 0,
        }
        tasks.append(
            daemon.post(usernames=[one.account(app, number)], platform=app, force=True, script_config=config)
        )
    ends = [daemon.ended(task) for task in tasks]
    seen = [
        (words, app, end["outcome"], (end.get("error") or {}).get("code", "") if end["outcome"] != "published" else "")
        for (words, app, _, _), end in zip(CASES, ends, strict=True)
    ]  # fmt: skip
    wrong = [n for n, (has, wanted) in enumerate(zip(seen, CASES, strict=True)) if has != wanted]
    assert not wrong, "\n".join(f"{seen[n]}\n{daemon.log_tail(tasks[n])}" for n in wrong)
    posted = [post["caption"] for post in one.posts()]
    assert sorted(posted) == sorted(f"post {n}" for n, row in enumerate(CASES) if row[2] == "published")
