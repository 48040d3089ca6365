import { quoted } from '../../core/values/shell.ts';

/** How servers that go into the background are told not to: by what their program is called. */
const STAYS: ReadonlyArray<readonly [program: RegExp, how: string]> = [
  [/\bnginx\b/, "nginx -g 'daemon off;'"],
  [/\b(?:redis|valkey|keydb)-server\b/, 'redis-server --daemonize no'],
  [/\b(?:httpd|apache2(?:ctl)?|apachectl)\b/, 'apache2 -D FOREGROUND'],
  [/\blighttpd\b/, 'lighttpd -D -f lighttpd.conf'],
  [/\bhaproxy\b/, 'haproxy -db -f haproxy.cfg, without -D'],
  [
    /\b(?:mosquitto|memcached|gunicorn|uwsgi|beam\.smp|sshd|vsftpd|varnishd)\b/,
    'the same command without -d, -D or --daemon',
  ],
  [/\bpm2\b/, 'pm2-runtime server.js'],
];
const BY_OTHERS = /\b(?:systemctl|service|docker|podman|kubectl|supervisorctl|rc-service)\b/;

/** What to do about a command that ended although nothing went wrong with it: it left the server behind, or runs none. */
export function keepInForeground(command: string): string {
  if (BY_OTHERS.test(command)) {
    return 'what it starts is no child of it: start that yourself, and name the server with --pid "$(pidof <server>)"';
  }
  const plain = withoutBackground(command);
  if (plain !== command.trim()) return `keep it in the foreground, without & or nohup: --command ${quoted(plain)}`;
  const [, how] = STAYS.find(([program]) => program.test(command)) ?? [];
  return how === undefined
    ? "keep it in the foreground: nginx -g 'daemon off;', redis-server --daemonize no, and most others without -d, -D or --daemon"
    : `keep it in the foreground: ${how}`;
}

/** A single & ends what is to go into the background; `>&` and `&>` lead output somewhere. */
const withoutBackground = (command: string): string =>
  command
    .replace(/(^|[;&|]\s*)(?:(?:nohup|setsid|daemonize)\s+(?:-\S+\s+)*)+/g, '$1')
    .replace(/\s*(?<![>&])&(?![>&])[\s\S]*$/, '')
    .trim();
