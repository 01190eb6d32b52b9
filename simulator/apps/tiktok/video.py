"""A full-screen video of TikTok's feed with everything that lies over it."""

from __future__ import annotations

from simulator.apps.base import View
from simulator.apps.layout import node


def _side_button(top: int, inner: str, desc: str, label_rid: str, label: str) -> View:
    """One of the buttons at the right of a video, with its count."""
    picture = {
        "f4z": node("FrameLayout", (912, top, 1080, top + 117), node("ImageView", (942, top, 1060, top + 117), rid="f4u", desc="Like"), rid="f4y", flags="C"),
        "dp6": node("FrameLayout", (912, top, 1080, top + 117), rid="dp2", flags="C"),
        "t_2": node("ViewGroup", (912, top, 1080, top + 100), node("ImageView", (959, top + 16, 1043, top + 100), rid="t_j", flags="C"), rid="t9z", flags="C"),
    }[label_rid]  # fmt: skip
    return node(
        "FrameLayout",
        (912, top, 1080, top + 158),
        *(
            [node("FrameLayout", (912, top, 1080, top + 158), rid="tcr", flags="C")]
            if label_rid == "t_2"
            else []
        ),
        node(
            "Button",
            (912, top, 1080, top + 158),
            picture,
            node("Button", (912, top + 117, 1080, top + 139), rid=label_rid, text=label, flags="C"),
            rid=inner,
            desc=desc,
            flags="C",
        ),
        rid="e0d",
        flags="C",
    )


def _avatar(author: str, *, followed: bool) -> list[View]:
    picture = node("ImageView", (942, 1160, 1059, 1277), rid="yx4", desc=f"{author} profile", flags="C")
    ring = node("FrameLayout", (929, 1147, 1072, 1290), picture, rid="han", flags="" if followed else "C")
    follow = (
        []
        if followed
        else [node("Button", (921, 1231, 1080, 1320), rid="hi1", desc=f"Follow {author}", flags="C")]
    )
    inner = node("RelativeLayout", (921, 1142, 1080, 1296), ring, *follow, rid="b4k", flags="C")
    outer = node("RelativeLayout", (911, 1142, 1080, 1320), inner, rid="gvo", flags="C")
    return [node("FrameLayout", (911, 1121, 1080, 1320), outer, flags="C")]


def video(author: str, caption: str, counts: tuple[str, str, str, str], *, ago: str = "") -> list[View]:
    """A full-screen video with its buttons."""
    likes, comments, favorites, shares = counts
    return [
        node(
            "ViewPager",
            (0, 0, 1080, 2208),
            node(
                "FrameLayout",
                (0, 0, 1080, 2208),
                node("FrameLayout", (0, 0, 1080, 2208), rid="hrc", flags="C"),
                node("View", (0, 0, 1080, 2208), rid="long_press_layout", desc="Video", flags="C"),
                node(
                    "LinearLayout",
                    (0, 1121, 1080, 2115),
                    node(
                        "FrameLayout",
                        (911, 1121, 1080, 1320),
                        *_avatar(author, followed=bool(ago)),
                        rid="e0d",
                        flags="C",
                    ),
                    _side_button(1320, "f57", f"Like video. {likes} likes", "f4z", likes),
                    _side_button(1478, "dtv", f"Read or add comments. {comments} comments", "dp6", comments),
                    node(
                        "FrameLayout",
                        (912, 1636, 1080, 1794),
                        node(
                            "FrameLayout",
                            (912, 1636, 1080, 1794),
                            node("Button", (912, 1636, 1080, 1794), rid="guh", desc="Add or remove this video from Favorites."),
                            node("TextView", (912, 1753, 1080, 1775), rid="gtv", text=favorites),
                            rid="gug",
                            flags="C",
                        ),
                        rid="e0d",
                        flags="C",
                    ),
                    _side_button(1794, "f57", f"Share video. {shares} shares", "t_2", shares),
                    node("FrameLayout", (831, 1866, 1080, 2115), rid="zf7", flags="C"),
                    node(
                        "Button",
                        (912, 1952, 1080, 2115),
                        node("FrameLayout", (912, 1978, 1080, 2083), node("FrameLayout", (912, 1978, 1080, 2083), rid="nfr", flags="C"), rid="nhp", flags="C"),
                        rid="nhe",
                        desc="" if ago else f"Sound: original sound by {author}",
                        flags="C",
                    ),
                    node("LinearLayout", (32, 1871, 870, 1929),
                         node("LinearLayout", (32, 1871, 434, 1929), node("Button", (32, 1871, 434, 1929), rid="title", text=author, flags="C"), rid="s28", flags="C"),
                         *([node("TextView", (436, 1871, 573, 1929), rid="xyx", text=ago)] if ago else []), rid="e0d", flags="C"),
                    *([node("LinearLayout", (32, 1871, 573, 1929), rid="e0g", flags="C")] if ago else []),
                    node("LinearLayout", (32, 1940, 870, 2042), node("TuxTextLayoutView", (32, 1940, 870, 2042), rid="desc", text=caption, flags="C"), rid="f0k", flags="C"),
                    rid="jwv",
                    flags="C",
                ),
                rid="view_rootview",
            ),
            rid="zpg",
            flags="R",
        )
    ]  # fmt: skip
