import { constants } from 'node:os'
import { GovernorError } from './governor-error.ts'
import { scheduleFlaw } from './life/schedule.ts'
import type { Probe } from './probe/probe.ts'
import { runtimeEnvironment } from './process/runtime-environment.ts'
import type { Service } from './service.ts'

/** Throws `BAD_SERVICE` for a service that cannot be, naming the option and the value received. */
export const checkService = (service: Service): void => {
  const { name, command, backoff, giveUp, alive, restartAt } = service
  const bad: Bad = (option, value, allowed) =>
    new GovernorError(
      'BAD_SERVICE',
      `service "${name}": ${option} is ${JSON.stringify(value) ?? String(value)}`,
      `use ${allowed}`,
    )
  if (!name) throw bad('name', name, 'a word')
  const commands = { command, before: service.before, after: service.after }
  for (const [option, words] of Object.entries(commands))
    if (words && !isCommand(words)) throw bad(option, words, 'a program and its arguments')
  // Its value may be a secret, so only its name is told.
  const [variable] = Object.entries(service.env).find((each) => !isVariable(each)) ?? []
  if (variable !== undefined) throw bad('env', variable, 'names without "=", and no zero bytes')
  for (const [option, ms] of Object.entries(durations(service)))
    if (!(Number.isFinite(ms) && ms >= 0)) throw bad(option, ms, 'ms, 0 or more')
  if (!(Number.isFinite(backoff.factor) && backoff.factor >= 1))
    throw bad('backoff.factor', backoff.factor, '1 or more')
  if (!['always', 'on-failure', 'never'].includes(service.restart))
    throw bad('restart', service.restart, 'always, on-failure or never')
  if (!(service.stopSignal in constants.signals))
    throw bad('stopSignal', service.stopSignal, 'a signal such as SIGTERM or SIGINT')
  const code = service.successCodes.find((each) => !(Number.isInteger(each) && each >= 0 && each < 256))
  if (code !== undefined) throw bad('successCodes', code, 'exit codes from 0 to 255')
  if (giveUp && !isCount(giveUp.restarts)) throw bad('giveUp.restarts', giveUp.restarts, '1 or more')
  if (giveUp && !(giveUp.within > 0)) throw bad('giveUp.within', giveUp.within, 'ms above 0')
  if (service.maxMemory !== undefined && !(service.maxMemory > 0))
    throw bad('maxMemory', service.maxMemory, 'bytes above 0')
  if (!['kill', 'adopt'].includes(service.onGovernorDeath))
    throw bad('onGovernorDeath', service.onGovernorDeath, 'kill or adopt')
  // The sockets live in the governor and its child; a later governor could not get hold of them.
  if (service.onGovernorDeath === 'adopt' && service.listen.length > 0)
    throw bad('onGovernorDeath', 'adopt', 'kill for a service whose sockets the governor holds')
  // The pipe for what it tells breaks with the governor that made it.
  if (service.onGovernorDeath === 'adopt' && alive && 'notify' in alive.probe)
    throw bad('onGovernorDeath', 'adopt', 'kill for a service that tells by itself that it lives')
  const flaw = restartAt && scheduleFlaw(restartAt)
  if (flaw) throw bad('restartAt', restartAt, `a schedule that can be: ${flaw}`)
  runtimeEnvironment(service.environment)
  checkProbe(service, { at: 'ready', probe: service.ready, bad })
  if (!alive) return
  checkProbe(service, { at: 'alive.probe', probe: alive.probe, bad })
  if ('exit' in alive.probe) throw bad('alive.probe', alive.probe, 'a sign of life, and not its end')
  if (!isCount(alive.failures)) throw bad('alive.failures', alive.failures, '1 or more')
  if (!(alive.every > 0)) throw bad('alive.every', alive.every, 'ms above 0')
}

type Bad = (option: string, value: unknown, allowed: string) => GovernorError

const isCommand = (words: readonly string[]): boolean =>
  Boolean(words[0]) && words.every((word) => !word.includes('\0'))

const isVariable = ([name, value]: readonly [string, string]): boolean =>
  name !== '' && !name.includes('=') && !`${name}${value}`.includes('\0')

const isCount = (value: number): boolean => Number.isInteger(value) && value >= 1

const durations = (service: Service): Readonly<Record<string, number>> => ({
  // Only a job may take for ever.
  ...(service.startTimeout !== Infinity && { startTimeout: service.startTimeout }),
  stopGrace: service.stopGrace,
  stableAfter: service.stableAfter,
  hookTimeout: service.hookTimeout,
  'backoff.initial': service.backoff.initial,
  'backoff.max': service.backoff.max,
  ...(service.giveUp && { 'giveUp.within': service.giveUp.within }),
  ...(service.alive && { 'alive.every': service.alive.every, 'alive.timeout': service.alive.timeout }),
})

interface Probed {
  readonly at: string
  readonly probe: Probe | undefined
  readonly bad: Bad
}

const checkProbe = ({ listen }: Service, { at, probe, bad }: Probed): void => {
  if (!probe) return
  if ('http' in probe && !(URL.canParse(probe.http) && probe.http.startsWith('http://')))
    throw bad(`${at}.http`, probe.http, 'a full address such as http://127.0.0.1:9001/health')
  if ('command' in probe && !isCommand(probe.command))
    throw bad(`${at}.command`, probe.command, 'a program and its arguments')
  if (!('tcp' in probe)) return
  const { port } = probe.tcp
  if (!(Number.isInteger(port) && port > 0 && port < 65_536))
    throw bad(`${at}.tcp.port`, port, 'a port from 1 to 65535')
  // The kernel accepts for a held socket even while no child lives, so such a probe would prove nothing.
  if (listen.some((held) => held.port === port))
    throw bad(`${at}.tcp`, probe.tcp, 'http or line for a port that the governor holds')
}
