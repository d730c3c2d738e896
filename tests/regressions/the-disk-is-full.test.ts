import { symlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { fakeClock } from '@holdfast/policy/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { keptOutput } from '../../packages/governor/src/process/kept-output.ts'
import { folder } from '../../packages/governor/src/testing/folder.ts'

describe('the output of a service that outlives its governor', () => {
  it('is read on when a full disk takes no note of how far: that once ended the governor', async () => {
    const path = folder(onTestFinished)
    const clock = fakeClock()
    const heard: string[] = []
    const output = keptOutput({
      folder: path,
      unit: { service: 's', run: '1' },
      clock,
      line: ({ line }) => heard.push(line),
    })
    symlinkSync('/dev/full', join(path, 's.1.stdout.read'))
    writeSync(output.fds[0], 'one\n')
    await clock.advance(50)
    writeSync(output.fds[0], 'two\n')
    await clock.advance(50)
    expect(heard).toEqual(['one', 'two'])

    await output.finish()
  })
})
