import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative, resolve } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** How a run of tests ended. `late`: it was stopped when its time was up. */
export type Ran = 'passed' | 'failed' | 'late'

/** A copy of the package, in which files may be changed and tests run. */
export interface Workshop {
  readonly source: string
  /** Runs tests for `limit` ms at most, in silence unless they are to be shown. */
  run(tests: readonly string[], limit: number, shown?: 'shown'): Promise<Ran>
  close(): void
}

/** Copies the source of `packages/policy` to a folder of its own, with the modules that its tests need. */
export function workshop(): Workshop {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-mutation-'))
  const source = join(folder, 'packages/policy/src')
  mkdirSync(source, { recursive: true })
  cpSync(join(root, 'packages/policy/src'), source, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"type":"module","private":true}')
  for (const name of ['node_modules', 'docs']) symlinkSync(join(root, name), join(folder, name), 'junction')
  const config = join(folder, 'vitest.config.mjs')
  writeFileSync(config, configuration(source))
  return {
    source,
    run: (tests, limit, shown) =>
      vitest(folder, tests, { limit, output: shown === undefined ? 'ignore' : 2 }),
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Test files that reach `file` through relative imports: first those of its own name, then those with the shortest way. */
export function testsOf(file: string, files: readonly string[]): string[][] {
  const importers = new Map<string, string[]>()
  for (const path of files) {
    for (const [, target = ''] of readFileSync(path, 'utf8').matchAll(/\bfrom\s*'(\.[^']+)'/g)) {
      const imported = resolve(dirname(path), target)
      importers.set(imported, [...(importers.get(imported) ?? []), path])
    }
  }
  const seen = new Set([file])
  const steps: string[][] = []
  let edge = [file]
  while (edge.length > 0) {
    edge = [...new Set(edge.flatMap((path) => importers.get(path) ?? []))].filter((path) => !seen.has(path))
    for (const path of edge) seen.add(path)
    steps.push(edge.filter((path) => /\.test\.ts$/.test(path)))
  }
  const own = new RegExp(`^${basename(file, '.ts')}\\b.*\\.test\\.ts$`)
  const named = steps.flat().filter((path) => own.test(basename(path)))
  const others = steps.map((step) => step.filter((path) => !named.includes(path)))
  return [named, ...others].filter((step) => step.length > 0)
}

function configuration(source: string): string {
  const door = (name: string) => JSON.stringify(join(source, name))
  return `export default {
  resolve: { alias: [
    { find: '@holdfast/policy/testing', replacement: ${door('testing/index.ts')} },
    { find: /^@holdfast\\/policy$/, replacement: ${door('index.ts')} },
  ] },
  test: { include: ['packages/policy/src/**/*.test.ts'], testTimeout: 5_000, bail: 1, maxWorkers: 1, isolate: false, reporters: ['dot'] },
}`
}

function vitest(
  folder: string,
  tests: readonly string[],
  { limit, output }: { limit: number; output: 'ignore' | 2 },
): Promise<Ran> {
  const program = join(root, 'node_modules/vitest/vitest.mjs')
  const args = [program, 'run', '--root', folder, ...tests.map((test) => relative(folder, test))]
  const child = spawn(process.execPath, args, { stdio: ['ignore', output, output], detached: true })
  let late = false
  const timer = setTimeout(() => {
    late = true
    process.kill(-child.pid!, 'SIGKILL') // its workers as well
  }, limit)
  return new Promise((done, fail) => {
    child.once('error', fail)
    child.once('exit', (code) => {
      clearTimeout(timer)
      done(late ? 'late' : code === 0 ? 'passed' : 'failed')
    })
  })
}
