/** `ip link set lo up`, for machines without iproute2. Run as root in a network namespace. */
import koffi from 'koffi';

const [AF_INET, SOCK_DGRAM] = [2, 2];
const SIOCSIFFLAGS = 0x8914;
const IFF_UP = 1;
/** `struct ifreq`: 16 bytes of name, then the flags in a union of 24. */
const IFREQ_BYTES = 40;
const FLAGS_AT = 16;

const libc = koffi.load(null);
const socket = libc.func('int socket(int domain, int type, int protocol)');
const ioctl = libc.func('int ioctl(int fd, unsigned long request, void *argument)');

const request = Buffer.alloc(IFREQ_BYTES);
request.write('lo', 'latin1');
request.writeInt16LE(IFF_UP, FLAGS_AT);
if (ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, request) !== 0) {
  throw new Error(`the loopback interface can't be brought up (errno ${koffi.errno()})`);
}
