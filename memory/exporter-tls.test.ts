import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createPlain } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import { makeCertificate } from '../certificates/make-certificate.ts';
import { askExporter } from '../client/ask-exporter.ts';
import { type ErrorCode, RigError } from '../core/values/errors.ts';
import { type ExporterSource, openExporter, parseExporter } from './exporter.ts';
import { toTrust } from './trust.ts';

const TIMEOUT = { timeout: 60_000 };
const YEAR_MS = 365 * 86_400_000;
const TOKEN = 'a-token-of-this-test';
const METRICS = 'process_resident_memory_bytes 4096\n';

const made = (names: readonly string[], now = new Date()) => makeCertificate({ names, now, days: 30 });

async function listening(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** An exporter over TLS that answers who knows the token, and elsewhere redirects. */
const exporterBy = (t: TestContext, options: ServerOptions): Promise<number> =>
  listening(
    t,
    createServer(options, ({ url, headers }, response) => {
      if (url !== '/metrics')
        response.writeHead(301, { Location: 'https://elsewhere.example/metrics?key=secret' }).end();
      else if (headers.authorization !== `Bearer ${TOKEN}`) response.writeHead(401).end();
      else response.end(METRICS);
    }),
  );

const source = (url: string, others: Partial<ExporterSource> = {}): ExporterSource => {
  const parsed = parseExporter(url);
  assert.ok(typeof parsed !== 'string', String(parsed));
  return { ...parsed, token: TOKEN, ...others };
};

const refusedWith = (code: ErrorCode, message: RegExp, hint: RegExp) => (error: unknown) => {
  assert.ok(error instanceof RigError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  assert.match(error.hint, hint);
  assert.doesNotMatch(error.message + error.hint, /secret|a-token/);
  return true;
};
const ask = (asked: ExporterSource): Promise<void> => askExporter(asked, ({ text }) => assert.fail(text));

test('an exporter that is trusted is read, with its token, by name and by address', TIMEOUT, async (t) => {
  const own = made(['localhost', '127.0.0.1']);
  const port = await exporterBy(t, own);
  const trust = toTrust(own.cert, false);
  for (const host of ['localhost', '127.0.0.1']) {
    await ask(source(`https://${host}:${port}`, { trust }));
    const read = openExporter(source(`https://${host}:${port}#process_resident_memory_bytes`, { trust }));
    assert.deepEqual((await read()).exporter, { metric: 'process_resident_memory_bytes', bytes: 4096 });
  }
  await assert.rejects(
    ask(source(`https://localhost:${port}`, { trust, token: 'another' })),
    refusedWith('EEXPORTER', /answered 401: it wants a token, or another one$/, /^--exporter-token @/),
  );
  await assert.rejects(
    ask(source(`https://localhost:${port}/old`, { trust })),
    refusedWith(
      'EEXPORTER',
      /answered 301: it redirects to https:\/\/elsewhere\.example\/metrics\?key=\*\*\*, which is/,
      /^curl /,
    ),
  );
});

test(
  'a certificate that proves nothing is refused before the token is sent, and told by what is wrong',
  TIMEOUT,
  async (t) => {
    const own = made(['localhost']);
    const port = await exporterBy(t, own);
    const at = `localhost:${port}`;
    const untrusted = /https:\/\/localhost:\d+\/metrics: its certificate is not trusted \(self-signed certificate\)$/;
    for (const trust of [undefined, toTrust(undefined, false), toTrust(made(['localhost']).cert, false)]) {
      await assert.rejects(
        ask(source(`https://${at}`, { trust })),
        refusedWith(
          'ETLSCERT',
          untrusted,
          new RegExp(`^openssl s_client -connect ${at} -showcerts </dev/null >chain.pem; --ca chain.pem, if`),
        ),
      );
    }
    await assert.rejects(
      ask(source(`https://127.0.0.1:${port}`, { trust: toTrust(own.cert, false) })),
      refusedWith(
        'ETLSCERT',
        /: its certificate is for another name \(.*127\.0\.0\.1.*\)$/,
        /-connect 127\.0\.0\.1:\d+ .*-ext subjectAltName$/,
      ),
    );
    for (const [since, why] of [
      [-YEAR_MS, 'certificate has expired'],
      [YEAR_MS, 'certificate is not yet valid'],
    ] as const) {
      const old = made(['localhost'], new Date(Date.now() + since));
      const portOfOld = await exporterBy(t, old);
      await assert.rejects(
        ask(source(`https://localhost:${portOfOld}`, { trust: toTrust(old.cert, false) })),
        refusedWith('ETLSCERT', new RegExp(`: its certificate is not valid now \\(${why}\\)$`), /-noout -dates$/),
      );
    }
    await ask(source(`https://127.0.0.1:${port}`, { trust: toTrust(undefined, true) }));
  },
);

test('what speaks TLS where it should not, and the other way round, is named', TIMEOUT, async (t) => {
  const own = made(['localhost']);
  const secured = await exporterBy(t, own);
  const plain = await listening(
    t,
    createPlain((_, response) => response.end(METRICS)),
  );
  const trust = toTrust(own.cert, false);
  await assert.rejects(
    ask(source(`http://localhost:${secured}#a_metric`, { trust })),
    refusedWith(
      'EEXPORTER',
      /; it speaks TLS$/,
      new RegExp(`^--exporter '?https://localhost:${secured}/metrics#a_metric'?$`),
    ),
  );
  await assert.rejects(
    ask(source(`https://localhost:${plain}`, { trust })),
    refusedWith(
      'EEXPORTER',
      /: what answers there speaks no TLS$/,
      new RegExp(`^--exporter http://localhost:${plain}/metrics$`),
    ),
  );
  const choosy = await exporterBy(t, { ...own, requestCert: true, rejectUnauthorized: true });
  await assert.rejects(
    ask(source(`https://localhost:${choosy}`, { trust })),
    refusedWith('EEXPORTER', /: it ended the TLS handshake by alert 116, certificate required$/, /^curl /),
  );
});
