"""A full-screen video of TikTok's feed with everything that lies over it."""

from __future__ import annotations

from simulator.apps.base import View
from simulator.apps.kit.layout import node


def _side_button(top: int, inner: str, desc: str, label_rid: str, label: str) -> View:
    """One of the buttons at the right of a video, with its count."""
    picture = {
        "f4z": node("FrameLayout#f4y C", (912, top, 1080, top + 117)).holding(
            node("ImageView#f4u", (942, top, 1060, top + 117), desc="Like")
        ),
        "dp6": node("FrameLayout#dp2 C", (912, top, 1080, top + 117)),
        "t_2": node("ViewGroup#t9z C", (912, top, 1080, top + 100)).holding(
            node("ImageView#t_j C", (959, top + 16, 1043, top + 100))
        ),
    }[label_rid]
    return node("FrameLayout#e0d C", (912, top, 1080, top + 158)).holding(
        *([node("FrameLayout#tcr C", (912, top, 1080, top + 158))] if label_rid == "t_2" else []),
        node("Button C", rid=inner, desc=desc).holding(
            picture, node("Button C", (912, top + 117, 1080, top + 139), rid=label_rid, text=label)
        ),
    )


def _avatar(author: str, *, followed: bool) -> list[View]:
    picture = node("ImageView#yx4 C", (942, 1160, 1059, 1277), desc=f"{author} profile")
    ring = node("FrameLayout#han", (929, 1147, 1072, 1290), flags="" if followed else "C").holding(picture)
    follow = [] if followed else [node("Button#hi1 C", (921, 1231, 1080, 1320), desc=f"Follow {author}")]
    inner = node("RelativeLayout#b4k C", (921, 1142, 1080, 1296)).holding(ring, *follow)
    outer = node("RelativeLayout#gvo C", (911, 1142, 1080, 1320)).holding(inner)
    return [node("FrameLayout C", (911, 1121, 1080, 1320)).holding(outer)]


def video(author: str, caption: str, counts: tuple[str, str, str, str], *, ago: str = "") -> list[View]:
    """A full-screen video with its buttons."""
    likes, comments, favorites, shares = counts
    return [
        node("ViewPager#zpg R", (0, 0, 1080, 2208)).holding(
            node("FrameLayout#view_rootview").holding(
                node("FrameLayout#hrc C"),
                node("View#long_press_layout C", desc="Video"),
                node("LinearLayout#jwv C", (0, 1121, 1080, 2115)).holding(
                    node("FrameLayout#e0d C", (911, 1121, 1080, 1320)).holding(*_avatar(author, followed=bool(ago))),
                    _side_button(1320, "f57", f"Like video. {likes} likes", "f4z", likes),
                    _side_button(1478, "dtv", f"Read or add comments. {comments} comments", "dp6", comments),
                    node("FrameLayout#e0d C", (912, 1636, 1080, 1794)).holding(
                        node("FrameLayout#gug C").holding(
                            node("Button#guh", desc="Add or remove this video from Favorites."),
                            node("TextView#gtv", (912, 1753, 1080, 1775), text=favorites),
                        )
                    ),
                    _side_button(1794, "f57", f"Share video. {shares} shares", "t_2", shares),
                    node("FrameLayout#zf7 C", (831, 1866, 1080, 2115)),
                    node(
                        "Button#nhe C",
                        (912, 1952, 1080, 2115),
                        desc="" if ago else f"Sound: original sound by {author}",
                    ).holding(node("FrameLayout#nhp C", (912, 1978, 1080, 2083)).holding(node("FrameLayout#nfr C"))),
                    node("LinearLayout#e0d C", (32, 1871, 870, 1929)).holding(
                        node("LinearLayout#s28 C", (32, 1871, 434, 1929)).holding(node("Button#title C", text=author)),
                        *([node("TextView#xyx", (436, 1871, 573, 1929), text=ago)] if ago else []),
                    ),
                    *([node("LinearLayout#e0g C", (32, 1871, 573, 1929))] if ago else []),
                    node("LinearLayout#f0k C", (32, 1940, 870, 2042)).holding(
                        node("TuxTextLayoutView#desc C", text=caption)
                    ),
                ),
            )
        )
    ]
