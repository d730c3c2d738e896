import {
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import type { HealthQuestion, ServingStatus } from './health-messages.ts'

type Watcher = ServerWritableStream<HealthQuestion, ServingStatus>

/*
 * How the services of one server are, for whoever asks once (`Check`) or goes on being told (`Watch`).
 *
 * H1  A watcher is told the status at once, and then each that is another.
 * H2  After `drain` everything is NOT_SERVING for good, every watcher has been told so, and none is kept.
 */
export class ServedHealth {
  readonly #statuses = new Map<string, ServingStatus>()
  readonly #watchers = new Map<Watcher, ServingStatus>()
  #drained = false

  /** Every service, and '' for the server, that something was said of. */
  status(service = ''): ServingStatus {
    return this.#statuses.get(service) ?? 'SERVICE_UNKNOWN'
  }

  /** Says how a service is; nothing changes any more after `drain`. */
  set(service: string, serving: boolean): void {
    if (this.#drained) return
    this.#statuses.set(service, serving ? 'SERVING' : 'NOT_SERVING')
    this.#tell()
  }

  /** Nothing is served from now on. */
  drain(): void {
    for (const service of this.#statuses.keys()) this.#statuses.set(service, 'NOT_SERVING')
    this.#drained = true
    this.#tell()
    for (const watcher of [...this.#watchers.keys()]) watcher.end()
    this.#watchers.clear()
  }

  /** What answers on the wire. */
  readonly handlers: UntypedServiceImplementation = {
    Check: (
      { request }: ServerUnaryCall<HealthQuestion, ServingStatus>,
      answer: sendUnaryData<ServingStatus>,
    ) => {
      const found = this.#statuses.get(request.service)
      if (found === undefined) answer({ code: status.NOT_FOUND, details: 'there is no such service here' })
      else answer(null, found)
    },
    Watch: (watcher: Watcher) => {
      const current = this.status(watcher.request.service)
      watcher.write(current)
      if (this.#drained) return void watcher.end()
      this.#watchers.set(watcher, current)
      watcher.on('cancelled', () => this.#watchers.delete(watcher))
    },
  }

  #tell(): void {
    for (const [watcher, told] of this.#watchers) {
      const current = this.status(watcher.request.service)
      if (current === told) continue
      this.#watchers.set(watcher, current)
      watcher.write(current)
    }
  }
}
