import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSources } from './sources.ts';

for (const [text, addresses] of [
  ['127.0.0.2', ['127.0.0.2']],
  ['127.0.0.2, 10.0.0.1', ['127.0.0.2', '10.0.0.1']],
  ['10.0.0.254-10.0.1.1', ['10.0.0.254', '10.0.0.255', '10.0.1.0', '10.0.1.1']],
  ['10.0.0.0/30', ['10.0.0.1', '10.0.0.2']],
  ['10.0.0.9/29', ['10.0.0.9', '10.0.0.10', '10.0.0.11', '10.0.0.12', '10.0.0.13', '10.0.0.14']],
  ['10.0.0.4/31', ['10.0.0.4', '10.0.0.5']],
  ['10.0.0.4/32', ['10.0.0.4']],
  ['fd00::fffe-fd00::1:0', ['fd00::fffe', 'fd00::ffff', 'fd00::1:0']],
  ['fd00::/126', ['fd00::', 'fd00::1', 'fd00::2', 'fd00::3']],
  ['::1', ['::1']],
] as const) {
  test(`sources ${text}`, () => {
    assert.deepEqual(readSources(text), { value: addresses });
  });
}

for (const [text, problem] of [
  ['here', '"here" is not an IP address'],
  ['', '"" is not an IP address'],
  ['10.1', '"10.1" is not an IP address'],
  ['10.0.0.1-', '"10.0.0.1-" is not a range of IP addresses such as 10.0.0.5-10.0.0.20'],
  ['10.0.0.1-2-3', '"10.0.0.1-2-3" is not a range of IP addresses such as 10.0.0.5-10.0.0.20'],
  ['10.0.0.2-10.0.0.1', '"10.0.0.2-10.0.0.1" does not ascend'],
  ['10.0.0.1-fd00::1', '"10.0.0.1-fd00::1" does not ascend'],
  ['10.0.0.0/33', '"10.0.0.0/33" is not a subnet such as 10.0.0.0/24'],
  ['10.0.0.0/8', '10.0.0.0/8 makes it more than 65,536 addresses'],
  ['fd00::/64', 'fd00::/64 makes it more than 65,536 addresses'],
  ['10.0.0.1,10.0.0.0/30', '10.0.0.0/30: 10.0.0.1 is there twice'],
] as const) {
  test(`sources ${text} are refused`, () => {
    assert.deepEqual(readSources(text), { problem });
  });
}

test('a whole /16 is the most there can be', () => {
  const read = readSources('10.7.0.0/16');
  assert.ok('value' in read && read.value.length === 65_534);
  assert.deepEqual([read.value[0], read.value.at(-1)], ['10.7.0.1', '10.7.255.254']);
});
