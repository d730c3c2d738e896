import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'

/** Stands in for npm: notes when it begins and ends, and leaves what an installation leaves. */
const npm = `
import { appendFileSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
const note = (what) => appendFileSync('notes', what + '\\n')
note('begins')
rmSync('node_modules', { recursive: true, force: true })
await new Promise((resolve) => setTimeout(resolve, 300))
mkdirSync('node_modules/.bin', { recursive: true })
symlinkSync(process.execPath, 'node_modules/.bin/node')
note('ends')
`

it('two commands that both have to install take turns, and the second finds it done', async () => {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-install-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  mkdirSync(join(root, 'scripts'))
  cpSync(join(import.meta.dirname, '../../scripts/install.mjs'), join(root, 'scripts/install.mjs'))
  writeFileSync(join(root, 'package-lock.json'), '{}')
  writeFileSync(join(root, 'npm.mjs'), npm)
  // Who was killed while it installed.
  mkdirSync(join(root, '.holdfast-installing'))
  const dead = spawn(process.execPath, ['--version'])
  writeFileSync(join(root, '.holdfast-installing/pid'), String(dead.pid))
  await once(dead, 'exit')

  const install = () =>
    once(
      spawn(process.execPath, [join(root, 'scripts/install.mjs')], {
        cwd: root,
        env: { ...process.env, npm_execpath: join(root, 'npm.mjs') },
      }),
      'exit',
    )
  const codes = await Promise.all([install(), install(), install()])

  expect(codes.map(([code]) => code)).toEqual([0, 0, 0])
  expect(readFileSync(join(root, 'notes'), 'utf8')).toBe('begins\nends\n')
  expect(existsSync(join(root, '.holdfast-installing'))).toBe(false)
})
