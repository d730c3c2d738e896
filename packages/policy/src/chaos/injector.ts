import { ChaosError } from '../errors.ts'
import { events } from '../events.ts'
import { atOnce } from '../options.ts'
import type { Call, Work } from '../pipeline/work.ts'
import { type Random, roughNow } from '../time/clock.ts'
import type { ChaosSettings, ChaosStatus } from './chaos.ts'

/** What is done to a call. */
export type Harm =
  | { readonly is: 'fault'; readonly fault: Error | ((call: Call) => unknown) | undefined }
  | { readonly is: 'latency'; readonly least: number; readonly most: number }
  | { readonly is: 'outcome'; readonly make: (call: Call) => unknown }
  | { readonly is: 'behaviour'; readonly act: (call: Call) => unknown }

/*
 * I1  Harm is done only while it is on: not halted, and the time that it lasts not over. Once off, it stays off.
 * I2  Nobody is delayed after that: a halt lets the delayed go on at once, and no delay is longer than the time that is left.
 * I3  Chance is asked once for each call seen, and once more for the length of a delay: the same chance and the same calls, the same history.
 * I4  A delay that is over, however it ended, leaves no timer, no listener and no entry.
 * I5  The work of a caller who left while being harmed is not called.
 */
export class Injector {
  readonly #name: string
  readonly #settings: ChaosSettings
  readonly #harm: Harm
  readonly #random: Random
  readonly #until: number
  readonly #delayed = new Set<() => void>()
  #halted = false
  #seen = 0
  #injected = 0

  constructor(name: string, settings: ChaosSettings, { harm, random }: { harm: Harm; random: Random }) {
    this.#name = name
    this.#settings = settings
    this.#harm = harm
    this.#random = random
    this.#until = settings.for === Infinity ? Infinity : settings.clock.now() + settings.for
  }

  call<T>(work: Work<T>, call: Call): T | PromiseLike<T> {
    if (!this.#strikes(call)) return work(call)
    this.#injected++
    const harm = this.#harm
    if (events.heard) events.emit({ type: 'chaos.injected', policy: this.#name, does: harm.is })
    switch (harm.is) {
      case 'fault':
        throw this.#faultFor(harm.fault, call)
      case 'outcome':
        return harm.make(call) as T
      case 'behaviour':
        return this.#behave(harm.act, work, call)
      case 'latency':
        return this.#late(harm.least + (harm.most - harm.least) * this.#random(), work, call)
    }
  }

  status(): ChaosStatus {
    const is = this.#halted ? 'halted' : this.#left() > 0 ? 'on' : 'expired'
    return {
      name: this.#name,
      does: this.#harm.is,
      is,
      seen: this.#seen,
      injected: this.#injected,
      delayed: this.#delayed.size,
    }
  }

  halt(): void {
    this.#halted = true
    for (const goOn of this.#delayed) goOn()
  }

  reset(): void {
    this.#seen = this.#injected = 0
  }

  #strikes(call: Call): boolean {
    const { rate, when, enabled } = this.#settings
    if (
      this.#halted ||
      this.#left() <= 0 ||
      !atOnce('chaos.enabled', enabled()) ||
      !atOnce('chaos.when', when(call))
    )
      return false
    this.#seen++
    return this.#random() < rate
  }

  /** The ms for which it will go on by itself. */
  #left(): number {
    return this.#until === Infinity ? Infinity : this.#until - roughNow(this.#settings.clock)
  }

  #faultFor(fault: Error | ((call: Call) => unknown) | undefined, call: Call): unknown {
    if (fault === undefined) return new ChaosError(this.#name)
    return typeof fault === 'function' ? atOnce('chaos.fault', fault(call)) : fault
  }

  async #behave<T>(act: (call: Call) => unknown, work: Work<T>, call: Call): Promise<T> {
    await act(call)
    call.signal.throwIfAborted()
    return work(call)
  }

  async #late<T>(ms: number, work: Work<T>, call: Call): Promise<T> {
    await this.#delay(Math.min(ms, this.#left()), call.signal)
    call.signal.throwIfAborted()
    return work(call)
  }

  #delay(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        cancel()
        this.#delayed.delete(goOn)
        signal.removeEventListener('abort', leave)
      }
      const goOn = (): void => {
        end()
        resolve()
      }
      const leave = (): void => {
        end()
        reject(signal.reason)
      }
      const cancel = this.#settings.clock.after(ms, goOn)
      this.#delayed.add(goOn)
      signal.addEventListener('abort', leave)
      if (signal.aborted) leave()
    })
  }
}
