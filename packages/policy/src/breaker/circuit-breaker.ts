import { demand } from '../errors.ts'
import { type Channel, channel, events } from '../events.ts'
import { Keyed } from '../named/keyed.ts'
import type { Run } from '../pipeline/run.ts'
import type { Hold, Refusal } from '../pipeline/stage.ts'
import type { Clock } from '../time/clock.ts'
import type {
  Breaker,
  BreakerEvent,
  BreakerStatus,
  CircuitState,
  CircuitStatus,
  SavedBreaker,
} from './breaker.ts'
import { type BreakerOptions, type BreakerSettings, type Settled, settle } from './breaker-options.ts'
import { Circuit } from './circuit.ts'
import type { Owner } from './owner.ts'
import { Permit, type State } from './state.ts'
import type { Gauge } from './trip.ts'

type Configurable = Parameters<Breaker['configure']>[0]
type Standing = 'isolated' | 'disabled' | 'observed'

/** Keys that `status` lists. */
const LISTED = 100

/** The only kind of breaker there is: a circuit, and one more for each key. */
export class CircuitBreaker implements Breaker, Owner {
  readonly name: string
  readonly clock: Clock
  /** What it was made with: who asks for its name says the same, whatever was configured since. */
  readonly settings: BreakerSettings
  #settled: Settled
  readonly #circuit: Circuit
  readonly #keys: Keyed<Circuit> | undefined
  #standing: Standing | undefined
  #channel: Channel<BreakerEvent> | undefined
  #untold: BreakerEvent[] | undefined

  constructor(name: string, options: BreakerOptions) {
    this.#settled = settle(options)
    const { settings } = this.#settled
    this.name = name
    this.clock = settings.clock
    this.settings = settings
    this.#circuit = new Circuit(this)
    this.#keys = settings.maxKeys === 0 ? undefined : new Keyed(settings.maxKeys, (key) => this.#keyed(key))
  }

  get rules(): BreakerSettings {
    return this.#settled.settings
  }

  get heard(): boolean {
    return events.heard || this.#channel?.heard === true
  }

  enter(run: Run, slot: number): Refusal | Hold | undefined {
    if (this.#keys === undefined) return this.#circuit.enter(run, slot)
    const key = run.options?.key
    return (key === undefined ? this.#circuit : this.#keys.get(key)).enter(run, slot)
  }

  leave(run: Run, slot: number): undefined {
    const permit = run.memo[slot] as Permit | State
    const circuit = permit instanceof Permit ? permit.circuit : this.#circuit
    circuit.leave(run, slot)
  }

  status(key?: string): BreakerStatus {
    const { name } = this
    if (key !== undefined) return { name, ...(this.#keys?.peek(key) ?? new Circuit(this, key)).status() }
    const own = { name, ...this.#circuit.status() }
    return this.#keys === undefined ? own : { ...own, keys: this.#listed(), keyCount: this.#keys.size }
  }

  reset(key?: string): void {
    if (key !== undefined) return this.#of(key).close()
    this.#standing = undefined
    for (const circuit of this.#circuits()) circuit.close()
  }

  isolate(key?: string): void {
    this.#set('isolated', key)
  }

  disable(key?: string): void {
    this.#set('disabled', key)
  }

  observe(key?: string): void {
    this.#set('observed', key)
  }

  configure(options: Configurable): void {
    const { failures, trip, ...kept } = this.#settled.options
    const keepsTrip = options.failures === undefined && options.trip === undefined
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
    for (const fixed of ['clock', 'perKey', 'maxKeys']) {
      demand(
        !(fixed in given),
        `breaker.configure: ${fixed}`,
        Reflect.get(given, fixed),
        'left out: it cannot be changed',
      )
    }
    const merged = { ...kept, ...(keepsTrip && { failures, trip }), ...given } as BreakerOptions
    this.#settled = settle(merged)
    for (const circuit of this.#circuits()) circuit.adjust()
  }

  save(): SavedBreaker {
    const own = this.#circuit.save()
    if (this.#keys === undefined) return own
    const keys = [...this.#keys.entries()].map(([key, circuit]) => [key, circuit.save()] as const)
    return { ...own, keys: Object.fromEntries(keys.filter(([, { is }]) => is !== 'closed')) }
  }

  restore(saved: SavedBreaker): void {
    const keys = Object.entries(saved?.keys ?? {})
    for (const state of [saved, ...keys.map(([, each]) => each)]) check(state)
    const { is } = saved
    this.#standing = is === 'closed' || is === 'open' ? undefined : is
    for (const circuit of this.#circuits())
      circuit.restore(this.#standing === undefined ? { is: 'closed' } : saved)
    this.#circuit.restore(saved)
    for (const [key, state] of keys) this.#keys?.get(key).restore(state)
  }

  on(listener: (event: BreakerEvent) => void): () => void {
    this.#channel ??= channel()
    return this.#channel.on(listener)
  }

  gauge(): Gauge {
    return this.#settled.trip.gauge(this.clock)
  }

  /** In the order in which things happened, also when a listener makes the next thing happen. */
  tell(event: BreakerEvent): void {
    if (this.#untold !== undefined) return void this.#untold.push(event)
    this.#untold = [event]
    for (const each of this.#untold) {
      this.#channel?.emit(each)
      events.emit(each)
    }
    this.#untold = undefined
  }

  #set(is: Standing, key: string | undefined): void {
    if (key === undefined) {
      this.#standing = is
      for (const circuit of this.#circuits()) circuit.set(is)
    } else this.#of(key).set(is)
  }

  #of(key: string): Circuit {
    demand(this.#keys !== undefined, 'breaker: key', key, 'left out, or the breaker made with perKey')
    return this.#keys!.get(key)
  }

  #circuits(): Circuit[] {
    return [
      this.#circuit,
      ...(this.#keys === undefined ? [] : [...this.#keys.entries()].map(([, each]) => each)),
    ]
  }

  /** A key that comes later stands as all the others do. */
  #keyed(key: string): Circuit {
    const circuit = new Circuit(this, key)
    if (this.#standing !== undefined) circuit.set(this.#standing)
    return circuit
  }

  #listed(): (CircuitStatus & { key: string })[] {
    const listed: (CircuitStatus & { key: string })[] = []
    for (const [key, circuit] of this.#keys!.entries()) {
      const status = circuit.status()
      if (status.is !== 'closed' && listed.push({ key, ...status }) === LISTED) break
    }
    return listed
  }
}

function check(state: CircuitState): void {
  const known = state?.is === 'open' || ['closed', 'isolated', 'disabled', 'observed'].includes(state?.is)
  demand(known, 'breaker: saved state', state?.is, 'what save() answered with')
  if (state.is !== 'open') return
  const { remaining, relapses } = state
  demand(
    remaining >= 0 && remaining < Infinity,
    'breaker: saved remaining',
    remaining,
    'a number of ms, at least 0',
  )
  demand(
    Number.isInteger(relapses) && relapses >= 0,
    'breaker: saved relapses',
    relapses,
    'a whole number from 0',
  )
}
