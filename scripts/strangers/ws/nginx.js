import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One worker, and all that isn't about room for many as nginx has it by itself. It ends with this process. */
export function startNginx(listen, upstreamPort) {
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'));
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, configuration(listen, upstreamPort));
  const nginx = spawn('nginx', ['-p', folder, '-e', 'stderr', '-c', file], { stdio: ['ignore', 'inherit', 'inherit'] });
  const end = () => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(1);
  };
  nginx.on('error', ({ message }) => {
    process.stderr.write(`${message}\n`);
    end();
  });
  nginx.on('close', end);
  process.on('SIGTERM', () => nginx.kill('SIGTERM'));
}

// An hour, so that connections at rest stay.
const configuration = (listen, upstreamPort) => `
  daemon off;
  worker_processes 1;
  worker_rlimit_nofile 20000;
  pid nginx.pid;
  error_log stderr warn;
  events { worker_connections 19000; }
  http {
    access_log off;
    ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`).join(' ')}
    server {
      listen ${listen};
      location / {
        proxy_pass http://127.0.0.1:${upstreamPort};
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection Upgrade;
        proxy_read_timeout 1h;
      }
    }
  }`;
