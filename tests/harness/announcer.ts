import { breaker } from '@holdfast/policy'
import { announce } from '@holdfast/policy/context'

/** A service that does nothing but have a breaker, and tell what happens to it. */
const gate = breaker('jira')
gate.on(({ type }) => console.log(type))
gate.isolate()
announce()
setInterval(() => {}, 60_000)
