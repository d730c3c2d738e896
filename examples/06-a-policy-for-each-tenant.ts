// A pipeline for each tenant costs memory in the thousands of bytes, and no timer at all.
// Asked for in opossum#648, #363 and #365.
import { breaker, budget, bulkhead, countWindow, retry, timeout, wrap } from '@holdfast/policy'

const timers = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length
const shared = budget()
const make = () =>
  wrap(
    retry({ budget: shared }),
    breaker({ trip: countWindow({ calls: 100 }) }),
    bulkhead(10),
    timeout(30_000),
  )

const before = process.memoryUsage().heapUsed
const tenants = new Map(Array.from({ length: 20_000 }, (_, id) => [`tenant ${id}`, make()] as const))
const each = (process.memoryUsage().heapUsed - before) / tenants.size
console.log(tenants.size, 'pipelines:', timers(), 'timers')
console.log('less than 4,000 bytes each:', each < 4_000)

for (const ask of tenants.values()) await ask(async () => 'fine')
console.log('after a call through each: at most one timer for all,', timers() <= 1)

const [ask] = tenants.values()
tenants.clear()
console.log(
  'whoever forgets them is done; there is no list of them anywhere:',
  await ask?.(() => 'still good'),
)

/* Output:
20000 pipelines: 0 timers
less than 4,000 bytes each: true
after a call through each: at most one timer for all, true
whoever forgets them is done; there is no list of them anywhere: still good
*/
