// One breaker, a circuit for each host: what fails for one is no concern of the others. Their number is bounded, and a name can be forgotten.
// Asked for in opossum#668, opossum-prometheus#93.
import { breaker, forget, status, wrap } from '@holdfast/policy'

const hosts = breaker('hosts', { failures: 3, openFor: 60_000, perKey: true, maxKeys: 100 })
const ask = wrap(hosts)
const reach = (host: string) =>
  ask.attempt(
    async () => {
      if (host === 'b.test') throw new Error('no answer')
      return `hello from ${host}`
    },
    { key: host },
  )

for (let round = 0; round < 4; round++) for (const host of ['a.test', 'b.test', 'c.test']) await reach(host)
for (const host of ['a.test', 'b.test', 'c.test']) {
  const { is, counts } = hosts.status(host)
  console.log(`${host} is ${is}: ${counts.calls} calls, ${counts.rejected} turned away`)
}

for (let id = 0; id < 10_000; id++) await reach(`${id}.test`)
const { keyCount, keys } = hosts.status()
console.log(
  'after ten thousand other hosts it keeps',
  keyCount,
  'and the one that is open:',
  keys?.map(({ key }) => key),
)

hosts.reset('b.test')
console.log('b.test, reset by hand, is', hosts.status('b.test').is)

console.log(
  'known by name:',
  status('breaker').map(({ name }) => name),
)
forget('hosts')
console.log('after it is forgotten:', status('breaker').length)

/* Output:
a.test is closed: 4 calls, 0 turned away
b.test is open: 3 calls, 1 turned away
c.test is closed: 4 calls, 0 turned away
after ten thousand other hosts it keeps 100 and the one that is open: [ 'b.test' ]
b.test, reset by hand, is closed
known by name: [ 'hosts' ]
after it is forgotten: 0
*/
