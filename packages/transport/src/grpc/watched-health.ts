import { type Client, type ServiceError, status } from '@grpc/grpc-js'
import { type Clock, systemClock } from '@holdfast/policy'
import { healthService, type ServingStatus } from './health-messages.ts'

/** What a client that watches knows: nothing yet, or not now; a status; or that the other side tells nobody. */
export type Known = { readonly is: 'unknown' } | { readonly is: 'untold' } | { readonly is: ServingStatus }

/** How long it waits before it asks again when the stream broke, in ms. */
const pause = { first: 50, last: 5_000 }

/*
 * W1  While it watches there is one stream, or one timer until the next; after `stop` there is neither.
 * W2  What is known is forgotten when the stream breaks: no connection shows by itself.
 * W3  A server without the health service is never asked again, and counts as well.
 */
export class WatchedHealth {
  known: Known = { is: 'unknown' }
  readonly #client: Client
  readonly #service: string
  readonly #clock: Clock
  #wait = pause.first
  #stop = () => {}
  #stopped = false

  /** Watches from now on; `clock` is for the waits between two streams. */
  constructor(client: Client, service: string, clock: Clock = systemClock) {
    this.#client = client
    this.#service = service
    this.#clock = clock
    this.#watch()
  }

  /** Whether calls are worth making: unless the other side says that it does not serve. */
  get serves(): boolean {
    return this.known.is !== 'NOT_SERVING' && this.known.is !== 'SERVICE_UNKNOWN'
  }

  stop(): void {
    this.#stopped = true
    this.known = { is: 'unknown' }
    this.#stop()
  }

  #watch(): void {
    const { path, requestSerialize, responseDeserialize } = healthService.Watch
    const stream = this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {
      service: this.#service,
    })
    this.#stop = () => stream.cancel()
    stream.on('data', (told: ServingStatus) => {
      this.known = { is: told }
      this.#wait = pause.first
    })
    stream.on('error', ({ code }: ServiceError) => {
      if (this.#stopped) return
      if (code === status.UNIMPLEMENTED) this.known = { is: 'untold' }
      else this.#again()
    })
    stream.on('status', ({ code }: { readonly code: status }) => {
      if (code === status.OK && !this.#stopped) this.#again()
    })
  }

  #again(): void {
    this.known = { is: 'unknown' }
    this.#stop = this.#clock.after(this.#wait, () => this.#watch())
    this.#wait = Math.min(2 * this.#wait, pause.last)
  }
}
