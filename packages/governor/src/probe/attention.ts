import type { Clock } from '@holdfast/policy'
import type { LifeEvent, Timer } from '../life/life.ts'
import type { Liveness } from '../service.ts'
import { type AskAbout, askOf } from './ask.ts'
import { type Ear, type Probe, type Probing, probe } from './probe.ts'
import { watch } from './watch.ts'

export interface AttentionOptions {
  readonly clock: Clock
  /** Where a command of a probe is run. */
  readonly about: AskAbout
  readonly tell: (event: LifeEvent) => void
}

/** What is asked and heard of one life, and what is waited for. */
export interface Attention {
  /** Tells `probed` once it is ready. */
  probe(generation: number, ready: Probe | undefined): void
  /** Tells `checked` again and again. */
  watch(generation: number, alive: Required<Liveness>): void
  /** Hands over what a generation said. */
  hear(generation: number, text: string, from: Ear): void
  /** Ends `probe` and `watch`. */
  cancel(): void
  /** Tells `waited` after so many ms, in place of an earlier wait. */
  wait(generation: number, timer: Timer, ms: number): void
  cancelWait(): void
  /** Asks once: undefined when all is well, when there is nothing to ask, or when no answer came within so many ms. */
  ask(probed: Probe | undefined, within: number): Promise<string | undefined>
}

/** Attends to one life. */
export const attention = ({ clock, about, tell }: AttentionOptions): Attention => {
  let probing: (Probing & { readonly generation: number }) | undefined
  let cancelWait = () => {}
  return {
    probe: (generation, ready) => {
      const found = () => tell({ is: 'probed', generation })
      probing = { generation, ...probe(ready, { clock, about, found }) }
    },
    watch: (generation, alive) => {
      const checked = (why?: string) => tell({ is: 'checked', generation, why })
      probing = { generation, ...watch(alive, { clock, about, checked }) }
    },
    hear: (generation, text, from) => {
      // The last words of an earlier run may still come while the next one starts.
      if (probing?.generation === generation) probing.heard(text, from)
    },
    cancel: () => {
      probing?.cancel()
      probing = undefined
    },
    wait: (generation, timer, ms) => {
      cancelWait()
      cancelWait = clock.after(ms, () => tell({ is: 'waited', generation, timer }))
    },
    cancelWait: () => cancelWait(),
    ask: (probed, within) =>
      new Promise((resolve) => {
        const asking = probed && askOf(probed, about)
        if (!asking) return resolve(undefined)
        const answer = (flaw?: string) => {
          forget()
          resolve(flaw)
        }
        const hangUp = asking.once(answer, { clock, within: within * 2 })
        const forget = clock.after(within, () => {
          hangUp()
          resolve(undefined)
        })
      }),
  }
}
