import { BroadcastChannel } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { type GovernorKind, governorContract } from './testing/governor-contract.ts'
import { livingThreads } from './testing/living-threads.ts'
import type { ThreadSpec } from './thread/thread-spec.ts'
import { threadGovernor } from './thread-governor.ts'

const module = new URL('./testing/handler.mjs', import.meta.url)

const threads: GovernorKind<ThreadSpec> = {
  make: (services, log) => threadGovernor({ services, log }),
  spec: (name, does, care) => ({ name, module, data: { does, channel: name }, ...care }),
  crash: (name) => {
    const call = new BroadcastChannel(name)
    call.postMessage('throw')
    call.close()
  },
  living: (ids) => livingThreads().filter((id) => ids.includes(id)),
}

governorContract('threadGovernor', threads, { describe, it, expect })
