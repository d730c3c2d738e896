import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Gateway } from './gateway.ts'
import { limits } from './limits.ts'

const port = 4796
const program = join(import.meta.dirname, '../node_modules/@portkey-ai/gateway/build/start-server.js')

/** Portkey's open-source gateway, told as nearly the same as its configuration can say; each client brings it along with its request. */
export async function portkey(scale: number): Promise<Gateway> {
  const child = spawn(process.execPath, [program, '--headless', `--port=${port}`], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  for (let tries = 0; !(await answers(url)); tries++) {
    if (child.exitCode !== null || tries === 100) throw new Error('portkey did not start')
    await wait(100)
  }
  const { firstToken } = limits(scale).timeout
  return {
    door(_, stage) {
      const target = (role: 'primary' | 'fallback') => ({
        provider: 'openai',
        api_key: 'none',
        custom_host: stage.url(role),
        override_params: { model: `${role}-model` },
        request_timeout: firstToken,
        retry: { attempts: 2, use_retry_after_header: true },
      })
      const config = { strategy: { mode: 'fallback' }, targets: [target('primary'), target('fallback')] }
      return { url: `${url}/v1`, model: 'any', headers: { 'x-portkey-config': JSON.stringify(config) } }
    },
    async stop() {
      child.kill()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.body?.cancel().then(() => true) ?? true,
    () => false,
  )
}
