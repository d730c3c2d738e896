import { describe, expect, it } from 'vitest'
import { probeAnswer } from './probe-answer.ts'

const bad = { ok: false, reasons: ['chain default: no link can answer', 'draining'] }

describe('probeAnswer', () => {
  it('says the word when all is well', () => {
    expect(probeAnswer('ready', { ok: true, reasons: [] })).toEqual({
      status: 200,
      headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
      body: 'ready\n',
    })
  })

  it('says why when it is not', () => {
    const { status, body } = probeAnswer('ready', bad, 'text/html, */*')

    expect(status).toBe(503)
    expect(body).toBe('not ready\nchain default: no link can answer\ndraining\n')
  })

  it.each(['application/json', 'text/html, Application/JSON;q=0.9'])('is JSON for %s', (accept) => {
    const { status, headers, body } = probeAnswer('alive', bad, accept)

    expect([status, headers['content-type']]).toEqual([503, 'application/json; charset=utf-8'])
    expect(JSON.parse(body)).toEqual(bad)
  })
})
