import { Agent, request } from 'node:http'
import type { GatewayServer } from './gateway-server.ts'

/** Asks for that many models, and at that many paths, that there are not; answers how many series each family has then. */
export async function askedByManyNames(door: GatewayServer, count: number): Promise<Record<string, number>> {
  const agent = new Agent({ keepAlive: true, maxSockets: 20 })
  let next = 0
  const client = async (): Promise<void> => {
    for (let nth = next++; nth < count; nth = next++) {
      const body = JSON.stringify({ model: `model-${nth}`, messages: [{ role: 'user', content: 'hi' }] })
      await sent(agent, `${door.url}/v1/chat/completions?n=${nth}`, body)
      await sent(agent, `${door.url}/path-${nth}`, body)
    }
  }
  await Promise.all(Array.from({ length: 20 }, client))
  agent.destroy()
  return Object.fromEntries(door.gateway.families().map(({ name, samples }) => [name, samples.length]))
}

function sent(agent: Agent, url: string, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    request(url, { agent, method: 'POST' }, (response) => response.resume().on('end', resolve))
      .on('error', reject)
      .end(body)
  })
}
