import type { Readiness } from './health.ts'

/** What goes over the wire in answer to `/livez` or `/readyz`. */
export interface ProbeAnswer {
  /** 200 or 503. */
  readonly status: number
  readonly headers: { readonly 'content-type': string; readonly 'cache-control': 'no-store' }
  readonly body: string
}

/**
 * An answer to `/livez` or `/readyz` on any HTTP server: 200 or 503, the `word` (`alive`, `ready`), and if not, why.
 *
 * Plain text, a line for each reason, or `{ ok, reasons }` for who accepts `application/json`.
 */
export function probeAnswer(
  word: string,
  { ok, reasons }: Readiness,
  accept: string | undefined = '',
): ProbeAnswer {
  const json = /\bapplication\/json\b/i.test(accept)
  const lines = ok ? [word] : [`not ${word}`, ...reasons]
  return {
    status: ok ? 200 : 503,
    headers: {
      'content-type': json ? 'application/json; charset=utf-8' : 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
    },
    body: `${json ? JSON.stringify({ ok, reasons }) : lines.join('\n')}\n`,
  }
}
