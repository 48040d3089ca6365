import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { TLS_CERT, TLS_KEY } = process.env;

/** A proxy that ends with this process. Over TLS where it is given a certificate. */
export function startNginx(port, upstreamPort) {
  const folder = mkdtempSync(join(tmpdir(), 'nginx-sse-'));
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, configuration(port, upstreamPort));
  // It looks in the folder for what it writes before it has read the file.
  const nginx = spawn('nginx', ['-p', folder, '-e', 'stderr', '-c', file], { stdio: ['ignore', 'inherit', 'inherit'] });
  const end = (code) => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(code ?? 1);
  };
  nginx.on('error', ({ message }) => {
    process.stderr.write(`${message}\n`);
    end(1);
  });
  nginx.on('close', end);
  process.on('SIGTERM', () => nginx.kill('SIGTERM'));
}

const configuration = (port, upstreamPort) => `
  daemon off;
  worker_processes 2;
  worker_rlimit_nofile 20000;
  pid nginx.pid;
  error_log stderr warn;
  events { worker_connections 20000; }
  http {
    access_log off;
    ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`).join(' ')}
    server {
      listen 127.0.0.1:${port} ${TLS_CERT ? 'ssl ' : ''}backlog=1024 reuseport;
      ${TLS_CERT ? `ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate ${TLS_CERT}; ssl_certificate_key ${TLS_KEY};` : ''}
      location / {
        proxy_pass http://127.0.0.1:${upstreamPort};
        proxy_http_version 1.1;
        proxy_set_header Connection '';
        proxy_buffering off;
        proxy_read_timeout 1d;
        proxy_send_timeout 1d;
      }
    }
  }`;
