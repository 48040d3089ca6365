"""A TCP server whose memory has a life of its own: it holds between 0 and 40 MiB, and changes its mind every 300 ms."""
import asyncio, random, sys
random.seed(7)
def taken(mib): return bytearray(b'x' * (mib << 20))
async def main():
    async def each(reader, writer):
        await reader.read()
        writer.close()
    server = await asyncio.start_server(each, '127.0.0.1', int(sys.argv[1]), backlog=4096)
    while True:
        global held
        held = taken(random.randrange(40))
        await asyncio.sleep(0.3)
asyncio.run(main())
