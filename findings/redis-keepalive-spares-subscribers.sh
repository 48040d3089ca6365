#!/usr/bin/env bash
# Redis 7.0.15 lets go of a vanished subscriber by tcp-keepalive only while nothing is published to it.
#
# Versions:  Redis 7.0.15 (Debian 12), Linux 6.18, Python 3.11.
# Behaviour: Two subscribers vanish: nothing that is sent to them is answered any more, as with a machine without power. With
#            tcp-keepalive 5 Redis lets go of the one whose channel is silent after 8 s (5 s, then 3 probes, one each second). The one
#            whose channel has a message each second is still a client after 30 s: Linux sends no probe while data is unacknowledged
#            (tcp_keepalive_timer in net/ipv4/tcp_timer.c), and goes on for tcp_retries2, 15 retransmissions, which is some 15
#            minutes. Redis sets no TCP_USER_TIMEOUT, and its client-output-buffer-limit for pubsub is 32 MB at once, or 8 MB for 60 s.
# Seen:      after 30 s: silent gone, busy held.
# Matters:   The subscribers that cost memory, since messages pile up for them, are those that keep-alives don't find. How long a server
#            holds a vanished peer depends on what it sends to it, not on its keep-alive alone.
set -euo pipefail
said=$(redis-server --version 2> /dev/null) || true
[[ $said == *'v=7.0.15 '* ]] || { echo 'needs Redis 7.0.15, as in Debian 12: apt-get install redis-server' >&2; exit 2; }
[ "$(sysctl -n net.ipv4.tcp_retries2)" = 15 ] || { echo 'needs net.ipv4.tcp_retries2 as it is by default: 15' >&2; exit 2; }
folder=$(mktemp -d)
server=''
cleanup() {
  [ -z "$server" ] || { kill -TERM "$server" && wait "$server"; } 2> /dev/null || true
  rm -rf "$folder"
}
trap cleanup EXIT
cat > "$folder/vanish.py" <<'PY'
import ctypes, socket, struct, sys, time

port = int(sys.argv[1])

def connect(*words):
    peer = socket.create_connection(('127.0.0.1', port), timeout=10)
    peer.sendall(' '.join(words).encode() + b'\r\n')
    peer.recv(4096)
    return peer

# A filter of one instruction, "take 0 bytes": the kernel drops what arrives before TCP sees it. So nothing is acknowledged.
TAKE_NOTHING = ctypes.create_string_buffer(struct.pack('HBBI', 0x06, 0, 0, 0))
SO_ATTACH_FILTER = 26

def vanish(peer):
    peer.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack('HL', 1, ctypes.addressof(TAKE_NOTHING)))

def clients():
    asks.sendall(b'CLIENT LIST\r\n')
    return asks.recv(65536).decode()

asks = connect('PING')
peers = {name: connect('SUBSCRIBE', name) for name in ('silent', 'busy')}
for peer in peers.values():
    vanish(peer)
publisher = connect('PING')
for _ in range(30):
    publisher.sendall(b'PUBLISH busy hello\r\n')
    publisher.recv(100)
    time.sleep(1)
listed = clients()
for name, peer in peers.items():
    print(f"{name} {'held' if f':{peer.getsockname()[1]} ' in listed else 'gone'}")
PY
port=$(python3 -c "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])")
(cd "$folder" && exec timeout 60 redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --tcp-keepalive 5 > log) &
server=$!
until grep -q 'Ready to accept connections' "$folder/log" 2> /dev/null; do kill -0 "$server"; sleep 0.1; done
seen=$(timeout 50 python3 "$folder/vanish.py" "$port")
echo "$seen"
[ "$seen" = $'silent gone\nbusy held' ] || { echo 'changed: expected the silent one gone, and the busy one held'; exit 1; }
