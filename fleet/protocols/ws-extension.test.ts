import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DeflateMode, type DeflateTerms, judgeExtensions } from './ws-extension.ts';

const CHOSEN = 'permessage-deflate';

test('terms that a server may answer our offers with', () => {
  const cases: Array<[DeflateMode, string, DeflateTerms]> = [
    ['on', CHOSEN, { ownWindowBits: 15, keptWindowBits: 15 }],
    ['on', `${CHOSEN}; client_max_window_bits=9`, { ownWindowBits: 9, keptWindowBits: 15 }],
    [
      'on',
      `${CHOSEN};client_max_window_bits="8" ; server_max_window_bits=10`,
      { ownWindowBits: 8, keptWindowBits: 10 },
    ],
    // Both may be said unasked: they bind the server, and us to what we do anyway.
    ['on', `${CHOSEN}; server_no_context_takeover`, { ownWindowBits: 15, keptWindowBits: 0 }],
    ['on', `${CHOSEN}; client_no_context_takeover`, { ownWindowBits: 15, keptWindowBits: 15 }],
    ['no-context-takeover', `${CHOSEN}; server_no_context_takeover`, { ownWindowBits: 15, keptWindowBits: 0 }],
    [
      'no-context-takeover',
      `${CHOSEN}; client_no_context_takeover; server_no_context_takeover; server_max_window_bits=12`,
      { ownWindowBits: 15, keptWindowBits: 0 },
    ],
  ];
  for (const [offered, header, terms] of cases) assert.deepEqual(judgeExtensions(header, offered), terms, header);
});

test('no answer, or an empty one, declines', () => {
  for (const offered of ['off', 'on', 'no-context-takeover'] as const) {
    assert.equal(judgeExtensions(undefined, offered), undefined);
    assert.equal(judgeExtensions('', offered), undefined);
  }
});

test('what was not offered is refused, each with the sentence that says why', () => {
  const cases: Array<[DeflateMode, string, RegExp]> = [
    ['off', CHOSEN, /^the server chose extension "permessage-deflate", which was not offered$/],
    ['on', 'x-webkit-deflate-frame', /^the server chose extension "x-webkit-deflate-frame"/],
    ['on', `foo, ${CHOSEN}`, /^the server chose extension "foo, permessage-deflate"/],
    ['on', `${CHOSEN}, foo`, /^the server chose extension/],
    ['on', `${CHOSEN}; server_no_context_takeover, ${CHOSEN}`, /with "server_no_context_takeover, permessage/],
    ['on', `${CHOSEN}; mystery`, /with "mystery", which the offer does not allow$/],
    ['on', `${CHOSEN};`, /with "", which/],
    ['on', `${CHOSEN}; client_max_window_bits`, /with "client_max_window_bits"/],
    ['on', `${CHOSEN}; client_max_window_bits=16`, /bits=16"/],
    ['on', `${CHOSEN}; client_max_window_bits=7`, /bits=7"/],
    ['on', `${CHOSEN}; client_max_window_bits=08`, /bits=08"/],
    ['on', `${CHOSEN}; server_max_window_bits`, /with "server_max_window_bits"/],
    ['on', `${CHOSEN}; server_no_context_takeover=1`, /takeover=1"/],
    ['on', `${CHOSEN}; server_max_window_bits=9; server_max_window_bits=9`, /with "server_max_window_bits=9"/],
    ['no-context-takeover', `${CHOSEN}; server_no_context_takeover; client_max_window_bits=9`, /bits=9"/],
    ['no-context-takeover', CHOSEN, /without server_no_context_takeover, which was asked for$/],
  ];
  for (const [offered, header, detail] of cases) {
    const judged = judgeExtensions(header, offered);
    assert.ok(judged && 'outcome' in judged && judged.outcome === 'bad-handshake', header);
    assert.match(judged.detail, detail);
  }
});
