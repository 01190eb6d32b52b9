"""What connections may cost and how long they may take: how many there are, how long they idle, how slow they are."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What connections may cost and how long they may take."""

    #: Those whose request is looked at or answered, in all and of one peer.
    connections: int = 500
    per_peer: int = 256
    #: Those that wait for that. They cost no more than a descriptor and their first bytes, and closing them would cost
    #: more: a client that floods opens them again at once. Those that send a lot fill the memory of the kernel.
    newcomers: int = 6_000
    loaded_newcomers_per_peer: int = 1_000
    #: How long a client may send and read nothing, and how long a request or an answer may take ...
    timeout_s: float = 30.0
    #: ... plus what it takes at this rate: a byte now and then is not enough.
    min_rate_bytes_per_s: int = 4 * 1024
    #: After an answer that ends a connection: how long the client has to read it, and how much of what it still sends
    #: is thrown away.
    linger_s: float = 2.0
    linger_bytes: int = 256 * 1024
