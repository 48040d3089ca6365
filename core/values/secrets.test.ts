import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { redactBroken, redactConfig, redactText, redactUrl, secretsIn } from './secrets.ts';

const SHOWN: ReadonlyArray<[string, string]> = [
  ['ws://h:1/chat?token=abc&room=7', 'ws://h:1/chat?token=***&room=***'],
  ['ws://h:1/chat?a=1;b=2', 'ws://h:1/chat?a=***;b=***'],
  ['ws://h:1/?eyJhbGciOiJub25lIn0', 'ws://h:1/?***'],
  ['ws://h:1/?empty=&x=a=b', 'ws://h:1/?empty=&x=***'],
  ['ws://h:1/?', 'ws://h:1/?'],
  ['ws://h:1/a?b=c?d=e', 'ws://h:1/a?b=***'],
  ['http://me:pass@h:1/metrics?x=1', 'http://***@h:1/metrics?x=***'],
  ['http://h/metrics?t=1#rss_bytes{job="a"}', 'http://h/metrics?t=***#rss_bytes{job="a"}'],
  ['http://h/#access_token=abc', 'http://h/#access_token=***'],
  ['/work?ms=5', '/work?ms=***'],
  ['ws://h:1/users/@me', 'ws://h:1/users/@me'],
  ['tcp://[::1]:9001-9003', 'tcp://[::1]:9001-9003'],
];
for (const [url, shown] of SHOWN) {
  test(`${url} is shown as ${shown}`, () => {
    assert.equal(redactUrl(url), shown);
    assert.equal(redactUrl(shown), shown, 'and stays so');
    if (url.startsWith('/')) return;
    assert.equal(
      redactText(`at (${url}), "${url}": ${url}.`),
      `at (${shown}), "${shown.replace(/"a"}$/, '"a"}')}": ${shown}.`,
    );
  });
}

test('what is no URL hides all that may be a password', () => {
  assert.equal(redactBroken('ws://me:pa/ss@h:1/x?y=z'), 'ws://***@h:1/x?y=***');
  assert.equal(redactBroken('me:pa?ss@h:1'), '***@h:1');
  assert.equal(redactBroken('h:1/x?y=z'), 'h:1/x?y=***');
});

test('words keep what belongs to the sentence', () => {
  assert.equal(
    redactText('ws://h:1/?t=abc: refused; see ws://h:1/?t=abc, or not'),
    'ws://h:1/?t=***: refused; see ws://h:1/?t=***, or not',
  );
  assert.equal(
    redactText("node server.js --upstream 'http://a:b@h/?k=v' --token abc"),
    "node server.js --upstream 'http://***@h/?k=***' --token abc",
  );
  assert.equal(redactText('5 of 10 opened'), '5 of 10 opened');
});

test('a value is hidden wherever a server repeats it, as written or decoded', () => {
  const secrets = secretsIn('ws://user:pa%24sword@h:1/?token=s3cret%21x&room=7');
  assert.deepEqual(secrets, ['pa%24sword', 's3cret%21x', 'pa$sword', 's3cret!x']);
  assert.equal(redactText('GET /?token=s3cret%21x (s3cret!x) room 7', secrets), 'GET /?token=*** (***) room 7');
  assert.equal(redactText('ret%21x HTTP and pa%24swo', ['s3cret%21x', 'pa%24sword']), '*** HTTP and ***', 'cut short');
});

test('the length of a word makes no difference to what is done about each of its letters', () => {
  // What looks for a scheme from each letter to the end of the word takes a minute here.
  const long = 'x'.repeat(300_000);
  assert.equal(redactText(`${long} ws://h/?t=abc`), `${long} ws://h/?t=***`);
  const dots = `ws://h/${'.'.repeat(300_000)}x`;
  assert.equal(redactText(`${dots}?t=abc`), `${dots}?t=***`);
});

test('a config of any depth is looked through as far as one goes', () => {
  let deep: unknown = 'ws://h/?token=s3cret';
  for (let i = 0; i < 50_000; i++) deep = i % 2 === 0 ? [deep] : { url: deep };
  const shown = JSON.stringify(redactConfig({ url: [{ exporter: 'http://h/?k=v' }], deep }));
  assert.match(shown, /^\{"url":\[\{"exporter":"http:\/\/h\/\?k=\*\*\*"\}\],"deep":.*"\*\*\*"/);
  assert.ok(!shown.includes('s3cret'));
});

test('property: no value of a query is left in its URL, alone or in a sentence', () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9._~%!$*+-]{8,20}$/).map((text) => `zq${text}zq`);
  fc.assert(
    fc.property(secret, secret, fc.constantFrom('?token=', '?a=b&token=', '?', '?x;y='), (value, password, key) => {
      const url = `ws://me:${password}@h:1/path${key}${value}`;
      for (const shown of [redactUrl(url), redactText(`${url}: refused`), redactBroken(url)]) {
        assert.ok(!shown.includes(value) && !shown.includes(password), shown);
      }
    }),
  );
});
