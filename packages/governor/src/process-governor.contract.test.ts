import { describe, expect, it } from 'vitest'
import { mark } from './process/process-mark.ts'
import { processGovernor } from './process-governor.ts'
import type { ServiceSpec } from './service.ts'
import { type Behaviour, type GovernorKind, governorContract } from './testing/governor-contract.ts'

/** A shell is there ten times as fast as Node. */
const scripts: Readonly<Record<Behaviour, string>> = {
  steady: `trap 'echo bye; exit 0' TERM; echo up; sleep 1000 & wait`,
  silent: 'exec sleep 1000',
  stubborn: `trap '' TERM; echo up; exec sleep 1000`,
  broken: 'exit 3',
  done: 'exit 0',
}

const processes: GovernorKind<ServiceSpec> = {
  make: (services, log) => processGovernor({ services, log }),
  spec: (name, does, care) => ({ name, command: ['sh', '-c', scripts[does]], ...care }),
  crash: (_, pid) => process.kill(pid, 'SIGKILL'),
  living: (pids) => pids.filter((pid) => mark(pid) !== undefined),
}

governorContract('processGovernor', processes, { describe, it, expect })
