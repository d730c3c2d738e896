// Somebody outside: a carrier that says where parcels are, with nothing of Holdfast in it.
import { createServer } from 'node:http'

const parcels: Readonly<Record<string, string>> = { 'P-70': 'on the van', 'P-80': 'in the depot' }

createServer(({ url = '' }, response) => {
  const is = parcels[url.replace('/parcels/', '')]
  response.writeHead(is === undefined ? 404 : 200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(is === undefined ? { error: { message: `there is no ${url}` } } : { is }))
}).listen(Number(process.env['PORT']), process.env['HOST'])
