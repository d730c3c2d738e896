import { steer } from '@holdfast/runtime'
import { placeOf } from './policy-lines.ts'

interface BreakerFlags {
  readonly file: string
  readonly json?: true
}

/** `holdfast breaker reset NAME` and `holdfast breaker isolate NAME`: in every process that has a breaker of that name. Exit code 1 if none has. */
export function breaker(act: 'reset' | 'isolate') {
  return async (name: string, { file, json }: BreakerFlags): Promise<void> => {
    const processes = await steer(file, act, { name, kind: 'breaker' })
    const done = act === 'reset' ? 'reset' : 'isolated'
    if (json) console.log(JSON.stringify({ processes }))
    else if (processes.length > 0)
      console.log(`${done} breaker ${name} in ${processes.map(placeOf).join(', ')}`)
    else console.error(`no process has a breaker '${name}'; holdfast status shows those there are`)
    if (processes.length === 0) process.exitCode = 1
  }
}
