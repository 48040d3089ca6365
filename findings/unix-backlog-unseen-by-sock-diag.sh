#!/usr/bin/env bash
# Ends that wait in the backlog of a Unix socket stand in /proc/net/unix, and not in the list of sock_diag, which `ss` shows.
#
# Versions:  Linux 6.18, iproute2 6.1.0 (ss), Python 3.
# Behaviour: Five clients connect to a listener that accepts two of them. The server's ends of all five exist: /proc/net/unix lists
#            them by the listener's path, those that wait as state 02 (connecting) with inode 0. sock_diag leaves out ends without
#            an inode: `ss` lists two at the path. What waits is only the listener's Recv-Q, and the clients that wait are
#            connected (ESTAB) to peer 0. Over TCP `ss` lists ends that wait as it lists the others.
# Seen:      /proc/net/unix: 1 listener, 2 accepted, 3 waiting with inode 0. ss: 1 listener with Recv-Q 3, 2 connected, 3 of 5 clients
#            without a peer. ss over TCP: 1 listener, 5 connected.
# Matters:   Who counts a server's connections by `ss` finds fewer over a Unix socket than over TCP while it is behind, and fewer than
#            by /proc/net/unix. The ends that wait take their memory in the kernel all the same.
set -euo pipefail
command -v ss > /dev/null || { echo 'needs ss: apt-get install iproute2' >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/look.py" <<'PY'
import os, socket, subprocess, sys

CLIENTS, ACCEPTED = 5, 2

def ends(listener, connect):
    """Both kinds of ends, held for as long as they are looked at."""
    listener.listen(16)
    clients = [connect() for _ in range(CLIENTS)]
    return clients, [listener.accept()[0] for _ in range(ACCEPTED)]

def inode(one):
    return str(os.fstat(one.fileno()).st_ino)

def ss(*options):
    lines = subprocess.run(["ss", "--no-header", "--numeric", "--all", *options], capture_output=True, text=True, check=True).stdout
    return [line.split() for line in lines.splitlines()]

def unix(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    def connect():
        one = socket.socket(socket.AF_UNIX)
        one.connect(path)
        return one
    clients, accepted = ends(listener, connect)
    # Columns of /proc/net/unix: Num, RefCount, Protocol, Flags, Type, St, Inode, Path.
    rows = [row for row in (line.split() for line in open("/proc/net/unix")) if row[-1] == path]
    for state, what in (("01", "listener"), ("03", "accepted"), ("02", "waiting")):
        inodes = [row[6] for row in rows if row[5] == state]
        print(f"/proc/net/unix, state {state} ({what}): {len(inodes)}, with an inode {sum(one != '0' for one in inodes)}")
    # Columns of ss: Netid, State, Recv-Q, Send-Q, Local Address, Port (inode), Peer Address, Port (inode).
    rows = ss("--unix")
    here = [row for row in rows if row[4] == path]
    print(f"ss, at its path: {sum(row[1] == 'LISTEN' for row in here)} listening, {sum(row[1] == 'ESTAB' for row in here)} connected")
    print(f"ss, Recv-Q of the listener: {next(row[2] for row in here if row[1] == 'LISTEN')}")
    mine = {inode(one) for one in clients}
    peers = [row[7] for row in rows if row[5] in mine]
    print(f"ss, ends of clients: {len(peers)}, without a peer {peers.count('0')}")

def tcp():
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    clients, accepted = ends(listener, lambda: socket.create_connection(address))
    # Columns of ss: State, Recv-Q, Send-Q, Local Address:Port, Peer Address:Port.
    here = [row for row in ss("--tcp") if row[3] == f"127.0.0.1:{address[1]}"]
    print(f"ss, TCP, at its port: {sum(row[0] == 'LISTEN' for row in here)} listening, {sum(row[0] == 'ESTAB' for row in here)} connected")

unix(sys.argv[1])
tcp()
PY
seen=$(timeout 30 python3 "$folder/look.py" "$folder/s")
echo "$seen"
wanted='/proc/net/unix, state 01 (listener): 1, with an inode 1
/proc/net/unix, state 03 (accepted): 2, with an inode 2
/proc/net/unix, state 02 (waiting): 3, with an inode 0
ss, at its path: 1 listening, 2 connected
ss, Recv-Q of the listener: 3
ss, ends of clients: 5, without a peer 3
ss, TCP, at its port: 1 listening, 5 connected'
[ "$seen" = "$wanted" ] || { echo 'changed: expected 3 of 5 to wait, seen by /proc/net/unix and over TCP alone'; exit 1; }
