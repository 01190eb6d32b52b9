"""What people ask of a post that no call here can do.

Ignored like any other unknown key it would make another post than the one that was meant, or one where none was: a public one
for a draft. What asks for nothing (`"draft": false`) is ignored.
"""

from __future__ import annotations

from jobs.input.near_names import Beyond

_DRAFT = "is not possible: every task publishes; dry_run tries a call without a post"
_NOT_TO_BE = "says that this is not to be posted, or not yet, but every task is posted: send only what is to be, without this key"
_HOLD = "is a call of its own: give the task a start_time that is still to come, then hold it"
_AUDIENCE = "cannot be chosen here: who sees a post is decided by the account's own setting in the app"
_COMMENTS = "cannot be set here: the account's own setting in the app decides"
_LABEL = "cannot be set here: make a post that needs this label by hand"
_EXTRA = "cannot be set here: the post would be made without it"
_TEXT = 'is not a known key: all text stands in "captions", on TikTok as title ## description'
_LATER = 'is not a known key: "start_time" is the time itself'
_ZONE = "is not a known key: a start_time is in the hub's zone; for another one write its offset, as in 2027-01-31T18:30:00+01:00"
_REPEAT = "is not possible: a task is one post; slots plan posts that repeat"
_KIND = 'is not a known key: "placement" in script_config says reel or story, "content_type" video or images'
_SOUND = 'is not a known key: see "add_sound", "custom_sound_keyword" and "sound_name" in script_config'

#: What asks for nothing, beside null: false, 0, empty texts and lists.
_OFF = frozenset({"", "0", "false", "no", "off", "none", "never", "once", "null", "default"})
_ON = frozenset({"1", "true", "yes", "on", *_OFF - {"0", "false", "no", "off", "never"}})
_EVERYBODY = _OFF | {"public", "everyone", "everybody", "all", "public_to_everyone"}
_USUAL = _OFF | {"post", "reel", "reels", "video", "clip"}


#: In a column for the state of a post, with which programs send their whole row: it is not to be posted, or not yet.
_NOT_YET = frozenset(
    {"draft", "drafts", "unpublished", "private", "archived", "inactive", "disabled", "paused", "hold", "on hold", "on-hold",
     "onhold", "on_hold", "skip", "skipped", "canceled", "cancelled", "rejected", "declined", "deleted", "idea", "ideas",
     "not approved", "unapproved", "in review", "in_review", "needs review", "needs approval", "pending approval",
     "pending_approval", "pending review", "pending_review", "awaiting approval", "do not post", "not ready"}
)  # fmt: skip
_NO = frozenset({"false", "no", "0", "rejected", "declined", "pending", *_NOT_YET})
_YES = frozenset({"true", "yes", "1"})


def _by(names: str, sentence: str, only: frozenset[str]) -> dict[str, Beyond]:
    return dict.fromkeys(names.split(), Beyond(sentence, frozenset(), only))


def _all(names: str, sentence: str, nothing: frozenset[str] = _OFF) -> dict[str, Beyond]:
    return dict.fromkeys(names.split(), Beyond(sentence, nothing))


#: By name, in letters and digits alone.
BEYOND: dict[str, Beyond] = {
    **_all("draft drafts isdraft asdraft savedraft saveasdraft savetodrafts unpublished", _DRAFT),
    **_all("publish published autopublish publishnow", _DRAFT, _ON),
    **_all("hold held onhold pause paused ispaused disabled isdisabled", _HOLD),
    **_all("enabled isenabled", _HOLD, _ON),
    **_by("status state poststatus publishstatus workflowstatus stage", _NOT_TO_BE, _NOT_YET),
    **_by("approved isapproved approval approvalstatus ready isready readytopost", _NOT_TO_BE, _NO),
    **_by("skip skipped donotpost dontpost nopost cancel canceled cancelled", _NOT_TO_BE, _YES),
    **_by("requiresapproval needsapproval needsreview requiresreview", _NOT_TO_BE, _YES),
    **_all("private isprivate friendsonly closefriends unlisted", _AUDIENCE),
    **_all("privacy privacylevel privacystatus visibility audience whocanview whocansee whocanwatch", _AUDIENCE, _EVERYBODY),
    **_all("public ispublic", _AUDIENCE, _ON),
    **_all("disablecomment disablecomments commentdisabled commentsdisabled turnoffcomments nocomments", _COMMENTS),
    **_all("disableduet disablestitch disabledownload hidelikes hidelikecount", _COMMENTS),
    **_all("allowcomment allowcomments commentsenabled allowduet allowstitch allowdownload", _COMMENTS, _ON),
    **_all("brandedcontent brandcontent brandcontenttoggle brandorganictoggle branded paidpartnership paidpromotion", _LABEL),
    **_all("ispaidpartnership sponsored disclosure contentdisclosure disclosecontent commercialcontent", _LABEL),
    **_all("cover coverurl covertime coverimage coverframe coverimageurl thumbnail thumbnailurl thumboffset", _EXTRA),
    **_all("location locationid collaborators collaborator usertags taggedusers alttext playlist", _EXTRA),
    **_all("firstcomment pinnedcomment", _EXTRA),
    **_all("sharetofeed", _EXTRA, _ON),
    **_all("hashtags hashtag mentions mention", _TEXT),
    **_all("delay delayminutes delayseconds startdelay startin delaymin delaysec notbefore startafter", _LATER),
    **_all("timezone tz timezonename utcoffset", _ZONE),
    **_all("repeat repeats repeatevery recurrence recurring rrule cron crontab", _REPEAT),
    **_all("story isstory mediatype posttype", _KIND, _USUAL),
    **_all("reel isreel", _KIND, _ON),
    **_all("music musicid sound soundid song audio audioid track mute muted", _SOUND),
}  # fmt: skip
