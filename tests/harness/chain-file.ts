import { providerScript } from './running-holdfast.ts'

export interface ChainFile {
  readonly ports: readonly number[]
  readonly openFor: string
  readonly failures: number
}

/** The quickstart's shape on ports of its own, with providers that answer as fast as they can. */
export function chainFile({
  ports: [gateway, control, primary, secondary],
  openFor,
  failures,
}: ChainFile): string {
  const service = (name: string, port: number | undefined): string => `
  ${name}:
    command: [node, ${providerScript}, --name, ${name}, --port, "${port}", --pace, "1", --state, ./modes]
    listen: 127.0.0.1:${port}
    ready: http:/health
    env: { NODE_COMPILE_CACHE: ./compiled }
    backoff: { initial: 10ms, max: 50ms }`
  return `
gateway: { listen: 127.0.0.1:${gateway} }
control: { listen: 127.0.0.1:${control} }
policies:
  quick:
    retry: { attempts: 2, initial: 20ms, max: 100ms }
    breaker: { failures: ${failures}, openFor: ${openFor} }
    timeout: { connect: 1s, headers: 5s, firstToken: 5s, idle: 5s, total: 20s }
upstreams:
  primary: { url: "http://127.0.0.1:${primary}/v1", policy: quick }
  secondary: { url: "http://127.0.0.1:${secondary}/v1", policy: quick }
rules: [{ match: ., answer: The models are away. }]
chains: { default: [primary, secondary, rules] }
services:${service('primary', primary)}${service('secondary', secondary)}
`
}

/** Tells a provider how to behave from now on. */
export async function behave(port: number, mode: 'ok' | 'fail' | 'stall' | 'cut'): Promise<void> {
  await fetch(`http://127.0.0.1:${port}/behave`, { method: 'POST', body: JSON.stringify({ mode }) })
}
