import { type RunningHoldfast, runningHoldfast } from '../../tests/harness/running-holdfast.ts'
import type { Gateway } from './gateway.ts'
import { limits } from './limits.ts'
import type { Stage } from './provider.ts'

const gatewayPort = 4794
const controlPort = 4795

/** Runs `holdfast up` as a user would, on a file that names all stages: a chain of two upstreams for each, and nothing that two chains share. */
export async function holdfast(stages: ReadonlyMap<string, Stage>, scale: number): Promise<Gateway> {
  const running: RunningHoldfast = await runningHoldfast(file(stages, scale), controlPort)
  const url = `http://127.0.0.1:${gatewayPort}/v1`
  return {
    door: (name) => ({ url, model: name }),
    stop: async () => running[Symbol.asyncDispose](),
  }
}

function file(stages: ReadonlyMap<string, Stage>, scale: number): string {
  const { backoff, openFor, timeout } = limits(scale)
  const retry = `{ attempts: 3, initial: ${backoff.initial}ms, max: ${backoff.max}ms }`
  const limit = Object.entries(timeout).map(([name, ms]) => `${name}: ${ms}ms`)
  const names = [...stages.keys()]
  return [
    `gateway: { listen: 127.0.0.1:${gatewayPort} }`,
    `control: { listen: 127.0.0.1:${controlPort} }`,
    'policies:',
    ...names.map(
      (name) =>
        `  ${name}: { retry: ${retry}, breaker: { openFor: ${openFor}ms }, timeout: { ${limit.join(', ')} } }`,
    ),
    'upstreams:',
    ...[...stages].flatMap(([name, stage]) =>
      (['primary', 'fallback'] as const).map(
        (role) =>
          `  ${name}-${role}: { url: "${stage.url(role)}", policy: ${name}, streams: true, prefill: ${role === 'fallback' && stage.prefill} }`,
      ),
    ),
    'chains:',
    ...names.map((name) => `  ${name}: [${name}-primary/primary-model, ${name}-fallback/fallback-model]`),
    '',
  ].join('\n')
}
