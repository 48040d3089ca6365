import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepInForeground } from './foreground.ts';

const HINTS: ReadonlyArray<[command: string, hint: RegExp]> = [
  ['nginx', /^keep it in the foreground: nginx -g 'daemon off;'$/],
  ['/usr/sbin/nginx -c /etc/x.conf', /daemon off;/],
  ['redis-server --daemonize yes', /redis-server --daemonize no$/],
  ['apachectl start', /apache2 -D FOREGROUND/],
  ['haproxy -D -f x.cfg', /-db/],
  ['mosquitto -d', /without -d, -D or --daemon/],
  ['my-server --daemon', /nginx -g 'daemon off;', redis-server --daemonize no, and most others without/],
  ['node server.js &', /--command 'node server\.js'$/],
  ['PORT=1 node server.js & :', /--command 'PORT=1 node server\.js'$/],
  ['nohup node server.js >log 2>&1 &', /--command 'node server\.js >log 2>&1'$/],
  ['systemctl start nginx', /--pid/],
  ['docker run -d redis', /--pid/],
];
for (const [command, hint] of HINTS) {
  test(`${command}: how it stays in the foreground`, () => assert.match(keepInForeground(command), hint));
}
