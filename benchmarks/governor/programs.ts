import { join } from 'node:path'
import { rolldown } from 'rolldown'

/** The programs that are measured, each as one file of JavaScript, as a package from a registry would be: to strip types costs memory and time. */
export type Program = 'bare-parent' | 'holdfast-parent' | 'growth-process'

/** What they supervise. */
export const server = join(import.meta.dirname, 'server.cjs')

/** Builds a program into a folder and answers with its path. */
export async function built(program: Program, folder: string): Promise<string> {
  const build = await rolldown({
    input: join(import.meta.dirname, `${program}.ts`),
    platform: 'node',
    resolve: { conditionNames: ['@holdfast/source', 'node', 'import', 'default'] },
  })
  const file = join(folder, `${program}.mjs`)
  await build.write({ file, format: 'esm', codeSplitting: false })
  await build.close()
  return file
}
