"""Recognises texts that programs leave where they could not encode or fill in a value, and says what to change in the program."""

from __future__ import annotations

import json
import re
from typing import Any

#: The text, and what to do. Each is the whole of a value, so that a caption may speak about it.
_TRACES = (
    (
        re.compile(r"@\{\s*(?:[\w.-]+=.*)?\}|System\.(?:Object|String|Int32|Int64|Collections)(?:\[\]|\.[\w.`\[\], ]+)", re.DOTALL),
        "is what PowerShell leaves of nested values; add -Depth 10 to ConvertTo-Json",
    ),
    (
        re.compile(r"\[object \w+\](?:,\[object \w+\])*"),
        "is what JavaScript makes of an object that is joined with a text; use JSON.stringify for the whole body",
    ),
    (
        # In English, German, French, Spanish, Italian and Dutch; a hashtag as #SALE! is none of them. German's #NV, alone
        # and in capitals, is far more often a failed look-up than all that anybody has to say of Nevada.
        re.compile(
            r"#(?:N/[ABD]|NV|DIV/0!|NAME\?|NOM\s?\?|NOME\?|NAAM\?|¿NOMBRE\?|(?:REF|VALUE|NUM|NULL|SPILL|CALC|ERROR|BEZUG|WERT|ZAHL|VALEUR|NOMBRE"
            r"|NUL|RIF|VALORE|NULLO|VERW|WAARDE|GETAL|ÜBERLAUF|FELD|KALK|BLOCKIERT|BLOCKED|PROPAGATION|¡DESBORDAMIENTO|¡CALC|¡REF|¡VALOR|¡NUM|¡NULO)!)|Err:[0-9]{3}|#{8,255}"
        ),
        "is what a spreadsheet shows in the place of a value that it cannot work out or has no room for",
    ),
    (
        re.compile(r"<\w[\w.]* object at 0x[0-9a-f]+>"),
        "is what Python makes of an object; send its value",
    ),
)  # fmt: skip

_NOTHING = frozenset({"undefined", "null", "none", "nil", "nan"})

#: What a program puts a value in place of: {{caption}} (n8n, Make, Jinja, Handlebars), ${caption} (JavaScript, shells).
_PLACEHOLDER = re.compile(r"(?<![\\{])(?:\{\{[^{}|]*\}\}(?!\})|\$\{[A-Za-z_][^{}|]*\})")


def find_placeholder(text: str) -> str:
    """The first place in a text that a program should have filled in, at most 40 characters; "" when there is none."""
    found = _PLACEHOLDER.search(text)
    if not found:
        return ""
    return found[0] if len(found[0]) <= 40 else found[0][:37] + "..."


def explain_spoilt(text: str) -> str:
    """The sentence that completes "FIELD: ..." when this text was never meant, else ""."""
    if len(text) > 10_000:
        return ""
    stripped = text.strip()
    for pattern, sentence in _TRACES:
        if pattern.fullmatch(stripped):
            return f'"{stripped if len(stripped) <= 40 else stripped[:37] + "..."}" {sentence}'
    return ""


def stands_for_nothing(text: str) -> bool:
    """Whether the text is what programs make of a value that they do not have: undefined, null, None, NaN, <nil>."""
    return text.strip().strip("<>()[]\"'").casefold() in _NOTHING


def decoded_twice(text: str) -> Any:
    """The list or object that this text holds as JSON: it was encoded twice. None for any other text."""
    if not text.strip().startswith(("[", "{")):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):  # brackets without end
        return None
    return value if isinstance(value, list | dict) else None
