import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

/** Imports only go down; equal ranks are strangers. */
const ranks: Readonly<Record<string, number>> = {
  '@holdfast/policy': 0,
  '@holdfast/transport': 1,
  '@holdfast/telemetry': 1,
  '@holdfast/governor': 1,
  '@holdfast/tasks': 2,
  '@holdfast/gateway': 2,
  '@holdfast/lab': 2,
  '@holdfast/agent': 3,
  '@holdfast/runtime': 4,
  holdfast: 5,
  '@holdfast/dashboard': 5,
}

const root = join(import.meta.dirname, '..')

interface Source {
  readonly path: string
  readonly text: string
  readonly imports: readonly string[]
}

const sources = (folder: string): Source[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|tsx|mts)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/node_modules|\/dist\//.test(path))
    .map((path) => {
      const text = readFileSync(path, 'utf8')
      return { path, text, imports: importsOf(text) }
    })

const importsOf = (text: string): string[] =>
  [
    ...text.matchAll(
      /(?:^|\n)\s*(?:import|export)\b[^;'"`]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/g,
    ),
  ].map((match) => match[1] ?? match[2] ?? '')

const packages = readdirSync(join(root, 'packages')).map((folder) => {
  const manifest = JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'))
  return { folder, manifest, files: sources(`packages/${folder}/src`) }
})

const everything = [...packages.flatMap(({ files }) => files), ...sources('tests'), ...sources('examples')]
const short = (path: string): string => relative(root, path)
const isTest = (path: string): boolean => /\.test\.ts$/.test(path)

describe('the house', () => {
  it('has a rank for every package', () => {
    expect(packages.map(({ manifest }) => manifest.name).filter((name) => !(name in ranks))).toEqual([])
  })

  it('imports only downwards', () => {
    const upwards = packages.flatMap(({ manifest, files }) =>
      files.flatMap(({ path, imports }) =>
        imports
          .map((target) =>
            target
              .split('/')
              .slice(0, target.startsWith('@') ? 2 : 1)
              .join('/'),
          )
          .filter(
            (target) =>
              target in ranks && target !== manifest.name && ranks[target]! >= ranks[manifest.name]!,
          )
          .map((target) => `${short(path)} imports ${target}`),
      ),
    )

    expect(upwards).toEqual([])
  })

  it('declares what it imports', () => {
    const undeclared = packages.flatMap(({ manifest, files }) => {
      const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
      return files
        .filter(({ path }) => !isTest(path))
        .flatMap(({ path, imports }) =>
          imports
            .filter((target) => !/^[.]|^node:/.test(target))
            .map((target) =>
              target
                .split('/')
                .slice(0, target.startsWith('@') ? 2 : 1)
                .join('/'),
            )
            .filter((target) => target !== manifest.name && !declared.includes(target))
            .map((target) => `${short(path)} imports ${target}, which its package.json does not name`),
        )
    })

    expect(undeclared).toEqual([])
  })

  it('reaches into no other package past its doors', () => {
    const intruders = packages.flatMap(({ folder, files }) =>
      files.flatMap(({ path, imports }) =>
        imports
          .filter(
            (target) =>
              target.startsWith('.') &&
              !resolve(dirname(path), target).startsWith(join(root, 'packages', folder, 'src')),
          )
          .map((target) => `${short(path)} imports ${target}`),
      ),
    )

    expect(intruders).toEqual([])
  })

  it('gives policy no dependency', () => {
    const policy = packages.find(({ folder }) => folder === 'policy')

    expect(policy?.manifest.dependencies ?? {}).toEqual({})
    const nodeOnly = policy?.files.filter(
      ({ path, imports }) =>
        !isTest(path) &&
        !/policy\/src\/(testing|node)\//.test(path) &&
        imports.some((target) => target.startsWith('node:')),
    )
    expect(nodeOnly?.map(({ path }) => short(path))).toEqual([])
  })

  it('has no import cycle', () => {
    const graph = new Map(
      packages.flatMap(({ files }) =>
        files.map(
          ({ path, text }) =>
            [path, valueImports(text).map((target) => resolve(dirname(path), target))] as const,
        ),
      ),
    )

    expect(cycles(graph).map((cycle) => cycle.map(short).join(' → '))).toEqual([])
  })

  it('keeps files short', () => {
    const long = everything.flatMap(({ path, text }) => {
      const lines = text.split('\n').length - 1
      return lines > (isTest(path) ? 600 : 400) ? [`${short(path)}: ${lines} lines`] : []
    })

    expect(long).toEqual([])
  })

  it('says what a file holds in its name', () => {
    const vague = everything.filter(({ path }) =>
      /(^|\/|-)(utils?|helpers?|manager|common|misc|shared|core)(-|\.|\/)/.test(short(path)),
    )

    expect(vague.map(({ path }) => short(path))).toEqual([])
  })

  it('exports by name', () => {
    const unnamed = everything.filter(({ path, text }) => !isTest(path) && /^export (default|\*)/m.test(text))

    expect(unnamed.map(({ path }) => short(path))).toEqual([])
  })
})

/** Relative imports that exist at run time: types alone make no cycle. */
function valueImports(text: string): string[] {
  return [...text.matchAll(/(?:^|\n)(?:import|export)\b(?!\s+type\b)([^;'"`]*?)\bfrom\s*['"](\.[^'"]+)['"]/g)]
    .filter((match) => !/^\s*\{(\s*type\s[^,}]+,?)+\s*\}\s*$/.test(match[1]!))
    .map((match) => match[2]!)
}

function cycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = []
  const finished = new Set<string>()
  const walk = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path)
    if (at !== -1) return void found.push([...trail.slice(at), path])
    if (finished.has(path)) return
    for (const next of graph.get(path) ?? []) walk(next, [...trail, path])
    finished.add(path)
  }
  for (const path of graph.keys()) walk(path, [])
  return found
}
