import { once } from 'node:events'
import { createServer } from 'node:http'
import { burst } from './burst.ts'

/** A service that prints a burst when it is asked to, in pieces that end anywhere, as fast as they are taken, and then `over`. */
createServer(async ({ url = '' }, response) => {
  response.end()
  const { searchParams } = new URL(url, 'http://x')
  const [seed, count] = ['seed', 'count'].map((name) => Number(searchParams.get(name))) as [number, number]
  let text = ''
  let left = Buffer.alloc(0)
  const print = async (): Promise<void> => {
    const bytes = Buffer.concat([left, Buffer.from(text)])
    text = ''
    left = bytes.subarray(bytes.length - (bytes.length % 1_000))
    if (!process.stdout.write(bytes.subarray(0, bytes.length - left.length)))
      await once(process.stdout, 'drain')
  }
  for (const { printed } of burst(seed, count)) {
    text += `${printed}\n`
    if (text.length > 65_536) await print()
  }
  if (count > 0) process.stdout.write(Buffer.concat([left, Buffer.from(`${text}over\n`)]))
}).listen(Number(process.env['PORT']), '127.0.0.1')
