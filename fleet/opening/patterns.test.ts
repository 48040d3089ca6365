import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anything, constantFrom, assert as holds, property } from 'fast-check';
import type { FieldPlan } from '../../core/opening/plan.ts';
import { literalTemplate, parseTemplate, type Template } from '../../core/opening/template.ts';
import { compilePattern, jsonIn, type Pattern, takeFields } from './patterns.ts';

const text = (value: string): Template =>
  parseTemplate(value, { columns: ['user'], taken: [], env: {}, onSecret: () => {} }, []);
/** Connection 7 is "ann", every other one "bob". */
const fill = (slot: number, { parts }: Template): Buffer =>
  Buffer.concat(parts.map((part) => (part instanceof Uint8Array ? part : Buffer.from(slot === 7 ? 'ann' : 'bob'))));

function fieldsOf(value: unknown, path: readonly string[] = []): FieldPlan[] {
  if (typeof value === 'string') return [{ path, equals: text(value) }];
  if (typeof value !== 'object' || value === null) return [{ path, equals: value as number | boolean | null }];
  return Object.entries(value).flatMap(([name, inner]) => fieldsOf(inner, [...path, name]));
}
const json = (value: unknown): Pattern => compilePattern({ kind: 'json', fields: fieldsOf(value) }, fill, undefined);
const of = (kind: 'text' | 'prefix' | 'contains', value: string): Pattern =>
  compilePattern({ kind, text: text(value) }, fill, undefined);
const matches = (pattern: Pattern, message: string, slot = 7, isWhole = true): boolean =>
  pattern.matches(slot, Buffer.from(message), isWhole);

test('texts: exactly, as a beginning, within; also those of one connection', () => {
  const cases: Array<[Pattern, string, boolean]> = [
    [of('text', 'ok'), 'ok', true],
    [of('text', 'ok'), 'okay', false],
    [of('text', ''), '', true],
    [of('prefix', 'ok'), 'okay', true],
    [of('prefix', 'okay'), 'ok', false],
    [of('contains', 'ka'), 'okay', true],
    [of('contains', 'ko'), 'okay', false],
    [of('text', 'hi {user}'), 'hi ann', true],
    [of('prefix', 'hi {user}'), 'hi bob', false],
  ];
  for (const [pattern, message, expected] of cases) assert.equal(matches(pattern, message), expected, message);
  // The rest of it isn't known.
  assert.deepEqual(
    [matches(of('text', 'ok'), 'ok', 7, false), matches(of('prefix', 'o'), 'ok', 7, false)],
    [false, true],
  );
});

test('JSON: each field of the pattern has its value, and there may be more', () => {
  const cases: Array<[unknown, string, boolean]> = [
    [{ type: 'ack' }, '{"id":1,"type":"ack","payload":{}}', true],
    [{ type: 'ack' }, ' {"type" : "\\u0061ck"} ', true],
    [{ type: 'ack' }, '{"type":"nack"}', false],
    [{ type: 'ack' }, '{"type":["ack"]}', false],
    [{ type: 'ack' }, '"type ack"', false],
    [{ type: 'ack' }, '{"type":"ack"', false],
    [{ a: { b: [null, 2] } }, '{"a":{"b":[null,2,3]}}', true],
    [{ a: { b: [null, 2] } }, '{"a":{"b":{"0":null,"1":2}}}', true],
    [{ a: { b: [null, 2] } }, '{"a":{"b":[2]}}', false],
    [{ n: 1, f: false, z: null }, '{"n":1.0,"f":false,"z":null}', true],
    [{ n: 1 }, '{"n":"1"}', false],
    [{ z: null }, '{}', false],
    [['1', 'phx_reply', { status: 'ok' }], '["1","phx_reply",{"status":"ok","response":{}}]', true],
    [{ user: '{user}' }, '{"user":"ann"}', true],
    [{ user: '{user}' }, '{"user":"bob"}', false],
    [{ toString: 'x' }, '{}', false],
    ['just this', '"just this"', true],
    [true, 'true', true],
  ];
  for (const [pattern, message, expected] of cases) assert.equal(matches(json(pattern), message), expected, message);
});

test('JSON: a value matches itself however it is written', () => {
  const spaces = constantFrom(undefined, 2, '\t');
  holds(
    property(anything({ maxDepth: 3, withNullPrototype: false }), spaces, (value, space) => {
      const written = JSON.stringify(value, null, space);
      if (written === undefined || /\{[A-Za-z_]/.test(written)) return;
      const read: unknown = JSON.parse(written);
      assert.ok(matches(json(read), written));
      // With every character escaped that may be.
      const escapedText = written.replace(
        /[^\x20-\x7e]/g,
        (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
      );
      assert.ok(matches(json(read), space === undefined ? escapedText : written));
    }),
  );
});

test('fields are taken as texts, also of the JSON behind a prefix', () => {
  const taken: Record<string, string> = {};
  const keep = (name: string, value: string): void => {
    taken[name] = value;
  };
  const message = Buffer.from('0{"sid":"a b","n":[5],"o":{"x":1},"z":null}');
  const found = jsonIn(7, message, of('prefix', '0'));
  const take = Object.entries({ sid: 'sid', n: 'n.0', o: 'o' }).map(([name, path]) => ({
    name,
    path: path.split('.'),
  }));
  assert.equal(takeFields(found, take, keep), undefined);
  assert.deepEqual(taken, { sid: 'a b', n: '5', o: '{"x":1}' });
  for (const path of ['z', 'none', 'sid.length', 'n.1', 'n.length']) {
    assert.equal(takeFields(found, [{ name: 'x', path: path.split('.') }], keep), path);
  }
  assert.equal(jsonIn(7, Buffer.from('no'), of('text', 'no')), undefined);
  assert.equal(literalTemplate(Buffer.alloc(0)).parts.length, 0);
});

test('what is nested deeper than can be written is no field to take', () => {
  const deep = JSON.parse(`{"id":${'['.repeat(30_000)}${']'.repeat(30_000)}}`) as unknown;
  const kept: string[] = [];
  assert.equal(
    takeFields(deep, [{ name: 'sid', path: ['id'] }], (_, value) => kept.push(value)),
    'id',
  );
  assert.deepEqual(kept, []);
});
