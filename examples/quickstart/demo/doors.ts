import { setTimeout as wait } from 'node:timers/promises'
import type { Mode } from '../behaviour.ts'

/** Where everything of `holdfast.yaml` listens. */
export const doors = {
  gateway: 'http://127.0.0.1:4700',
  control: 'http://127.0.0.1:4701',
  providers: { primary: 4711, secondary: 4712 },
} as const

/** The name of a provider. */
export type Provider = keyof typeof doors.providers

/** Whether a link's name is that of a provider. */
export const isProvider = (link: string | undefined): link is Provider =>
  link !== undefined && link in doors.providers

/** Tells a provider how to behave; false if it is not there to be told. */
export async function behave(provider: Provider, mode: Mode): Promise<boolean> {
  const url = `http://127.0.0.1:${doors.providers[provider]}/behave`
  const answer = await quietly(url, { method: 'POST', body: JSON.stringify({ mode }) })
  return answer?.ok ?? false
}

/** The process id of a provider, if it runs. */
export async function pidOf(provider: Provider): Promise<number | undefined> {
  const { services = [] } = await status()
  return services.find(({ name }) => name === provider)?.pid ?? undefined
}

/**
 * True once the gateway is ready, as the one that the process `governor` runs (another one may hold the port), and the providers are there;
 * a provider that is not up within five seconds is not waited for. False once the signal ends the wait.
 */
export async function ready(governor: number | undefined, signal: AbortSignal): Promise<boolean> {
  while (!(await ours(governor))) if (await over(signal)) return false
  const patience = AbortSignal.any([signal, AbortSignal.timeout(5_000)])
  while (!(await providersHealthy())) if (await over(patience)) break
  return !signal.aborted
}

async function ours(governor: number | undefined): Promise<boolean> {
  if (!(await quietly(`${doors.gateway}/readyz`))?.ok) return false
  const pid = (await status()).processes?.governor?.pid
  return pid === undefined || pid === governor
}

async function providersHealthy(): Promise<boolean> {
  const ports = Object.values(doors.providers)
  const answers = await Promise.all(ports.map((port) => quietly(`http://127.0.0.1:${port}/health`)))
  return answers.every((answer) => answer?.ok)
}

/** Waits a moment; true if the signal ended the waiting. */
const over = (signal: AbortSignal) => wait(100, false, { signal }).catch(() => true)

type Status = {
  services?: { name: string; pid?: number | null }[]
  processes?: { governor?: { pid?: number } }
}

async function status(): Promise<Status> {
  const answer = await quietly(`${doors.control}/api/v1/status`)
  return answer?.ok ? ((await answer.json()) as Status) : {}
}

/** A short request to a neighbour that may not be there. */
async function quietly(url: string, options: RequestInit = {}): Promise<Response | undefined> {
  try {
    return await fetch(url, { ...options, signal: AbortSignal.timeout(1_000) })
  } catch {
    return undefined
  }
}
