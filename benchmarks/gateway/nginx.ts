import { spawnSync } from 'node:child_process'

/** Whether nginx can be run here. */
export function nginxInstalled(): boolean {
  return spawnSync('nginx', ['-v']).status === 0
}

/** The configuration of an nginx that passes everything on, one worker, connections kept, nothing buffered. */
export function nginx(at: { port: number; provider: string; folder: string }): string {
  const { port, provider, folder } = at
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((each) => `  ${each}_temp_path ${folder}/${each};`)
    .join('\n')
  return `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr crit;
events { worker_connections 2048; }
http {
  access_log off;
${temporary}
  upstream provider { server ${new URL(provider).host}; keepalive 64; }
  server {
    listen 127.0.0.1:${port} backlog=1024;
    keepalive_requests 1000000;
    location / {
      proxy_pass http://provider;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_request_buffering off;
    }
  }
}
`
}
