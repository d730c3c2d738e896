// What is supervised: an HTTP server, or a spare one that waits until it is let in, which writes its pid and the moment from which it listens (ns, CLOCK_MONOTONIC) to the file READY.
const { appendFileSync, createReadStream } = require('node:fs')
const { createServer } = require('node:http')

const held = process.env.LISTEN_FDS === '1'
const where = held ? { fd: 3 } : { host: '127.0.0.1', port: Number(process.env.PORT ?? 0) }
const door = process.env.HOLDFAST_SPARE_FD
const server = createServer((_, response) => response.end('ok'))
const begin = () =>
  server.listen(where, () => {
    appendFileSync(process.env.READY, `${process.pid} ${process.hrtime.bigint()}\n`)
    if (process.env.SAY) console.log('listening')
  })
if (door === undefined) begin()
else createReadStream('', { fd: Number(door) }).once('data', begin)
