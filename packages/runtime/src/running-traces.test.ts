import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { controlPath, serveControl } from '@holdfast/governor'
import { type FakeServer, fakeServer } from '@holdfast/transport/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runningTrace, runningTraces } from './running-traces.ts'
import { stateFolder } from './state-folder.ts'

let edge: FakeServer
let file: string
let listen: string
let control: Awaited<ReturnType<typeof serveControl>>

beforeEach(async () => {
  edge = await fakeServer()
  listen = new URL(edge.url).host
  file = join(mkdtempSync(join(tmpdir(), 'holdfast-traces-')), 'holdfast.yaml')
  control = await serveControl({
    path: controlPath(stateFolder(file)),
    calls: { status: () => ({ listen: { control: listen } }) },
  })
})
afterEach(async () => {
  await control.close()
  await edge[Symbol.asyncDispose]()
  rmSync(join(file, '..'), { recursive: true })
})

describe('runningTraces', () => {
  it('asks the control listener for as many as are wanted', async () => {
    edge.next({ status: 200, body: '{"traces":[{"id":"a"}]}' })

    expect(await runningTraces(file, 7)).toEqual([{ id: 'a' }])
    expect(edge.received[0]!.path).toBe('/api/v1/traces?limit=7')
  })

  it('rejects with EDGE_SILENT where it has none to tell', async () => {
    edge.next({ status: 503 }, 'reset')
    const silent = { code: 'EDGE_SILENT', hint: expect.stringContaining('holdfast status') }

    await expect(runningTraces(file, 7)).rejects.toMatchObject(silent)
    await expect(runningTraces(file, 7)).rejects.toMatchObject(silent)
  })

  it('rejects with NOT_RUNNING where nothing runs the file', async () => {
    await expect(runningTraces(`${file}/other/x.yaml`, 7)).rejects.toMatchObject({ code: 'NOT_RUNNING' })
  })
})

describe('runningTrace', () => {
  it('asks for it by its id, whatever that is, and knows what is not kept', async () => {
    edge.next({ status: 200, body: '{"id":"a"}' }, { status: 404 }, { status: 500 })

    expect(await runningTrace(file, 'a')).toEqual({ id: 'a' })
    expect(await runningTrace(file, '../status')).toBeUndefined()
    expect(edge.received[1]!.path).toBe('/api/v1/traces/..%2Fstatus')
    await expect(runningTrace(file, 'a')).rejects.toMatchObject({ code: 'EDGE_SILENT' })
  })
})
