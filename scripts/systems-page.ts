// Writes docs/wires/systems.md from the data: `node --conditions=@holdfast/source scripts/systems-page.ts`. A test holds the two together.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { outsideSystems } from '@holdfast/policy'
import { type Fact, systemFacts } from '@holdfast/transport'

/** The page as the data would have it. */
export function systemsPage(): string {
  const rows = outsideSystems.map((system) => {
    const { title, address, health, limits, retry } = systemFacts(system)
    const cells = [
      told(address && { value: `\`${address.value.example}\``, source: address.source }),
      told(health && { value: `\`${health.value}\``, source: health.source }),
      limits.map(told).join('; ') || told(undefined),
      told(retry && { value: retry.value.join(', '), source: retry.source }),
    ]
    return `| \`${system}\` | ${title} | ${cells.join(' | ')} |`
  })
  return `# Systems outside

What their vendors have written down, with the source of each fact; what is not documented is not guessed. \`preset: jira\` in the file is a policy (see [policy](../policies/policy.md)), and an address that is none of that system's is told so where the file is read. Statuses that a vendor wants to be asked again after are among those that \`resilientFetch\` takes for failures anyway.

| preset | system | address | answers 200 when it is well | limits | asked again after |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

Jira's \`/status\` is that of Data Center. This page is made from the data by \`scripts/systems-page.ts\`.
`
}

function told(fact: Fact<string> | undefined): string {
  return fact === undefined ? 'not documented' : `${fact.value} ([source](${encoded(fact.source)}))`
}

/** Parentheses would end a link. */
function encoded(source: string): string {
  return source.replaceAll('(', '%28').replaceAll(')', '%29')
}

if (process.argv[1] === import.meta.filename)
  writeFileSync(join(import.meta.dirname, '..', 'docs', 'wires', 'systems.md'), systemsPage())
