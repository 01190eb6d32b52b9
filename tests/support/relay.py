"""`python -m tests.support.relay HOST PORT TARGET_PORT`: what connects to HOST:PORT reaches a port of loopback."""

from __future__ import annotations

import asyncio
import sys

from simulator.adb.server import die_with_parent


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.close()


async def main(host: str, port: int, target: int) -> None:
    """Until the parent ends."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pump(reader, up_writer), _pump(up_reader, writer))
        up_writer.close()
        writer.close()

    async with await asyncio.start_server(connected, host, port) as server:
        print("ready", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    die_with_parent()
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
