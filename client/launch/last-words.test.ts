import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastWords } from './last-words.ts';

const GO = `listening
fatal error: concurrent map writes

goroutine 7578 [running]:
internal/runtime/maps.fatal({0x711a5d?, 0x54af14?})
\t/usr/lib/go/src/runtime/panic.go:1181 +0x18
main.chat({0x72f078, 0x1bf4868e8f00}, 0x1bf486a64af8?)
\t/srv/chat/main.go:20 +0x1a5
created by net/http.(*Server).Serve in goroutine 1
\t/usr/lib/go/src/net/http/server.go:3464 +0x485
`;
const NODE = `up
node:events:502
      throw er; // Unhandled 'error' event
      ^

Error: listen EACCES: permission denied 0.0.0.0:80
    at Server.setupListenHandle [as _listen2] (node:net:1912:21)
    at listenInCluster (node:net:1991:12)
    at Server.listen (node:net:2099:7)
Emitted 'error' event on Server instance at:
    at emitErrorNT (node:net:1970:8)

Node.js v20.20.2
`;
const PYTHON = `Traceback (most recent call last):
  File "/srv/chat.py", line 20, in <module>
    asyncio.run(main())
OSError: [Errno 98] error while attempting to bind on address: address already in use
`;

test('the end of what was printed, on one line', () => {
  assert.equal(lastWords(''), '');
  assert.equal(lastWords('\n \n'), '');
  assert.equal(lastWords('first\n\nsecond\n'), ': first | second');
  assert.equal(lastWords('1\n2\n3\n4\n5\n6\n'), ': 2 | 3 | 4 | 5 | 6');
  assert.equal(lastWords(`${'x'.repeat(600)}\n`), `: … ${'x'.repeat(500)}`);
});

test('what broke a program stands before the end of its stack trace', () => {
  assert.match(lastWords(GO), /^: fatal error: concurrent map writes \| … \| .*main\.go:20 .* \| .*server\.go:3464/);
  assert.match(
    lastWords(NODE),
    /^: Error: listen EACCES: permission denied 0\.0\.0\.0:80 \| … \| .*Node\.js v20\.20\.2$/,
  );
  const rust = "thread 'main' panicked at src/main.rs:7:9:";
  assert.match(
    lastWords(`${rust}\n${'note\n'.repeat(9)}`),
    /^: thread 'main' panicked at src\/main\.rs:7:9: \| … \| note/,
  );
});

test('where the end says it, it stands once', () => {
  assert.equal(lastWords(PYTHON).match(/OSError/g)?.length, 1);
  assert.match(lastWords(PYTHON), /OSError: \[Errno 98\] .*address already in use$/);
});

test('what Node.js prints of a debugger that has looked in is left out', () => {
  const output =
    'Debugger attached.\nhad enough\nWaiting for the debugger to disconnect...\nDebugger ending on ws://h\n';
  assert.equal(lastWords(output), ': had enough');
});
