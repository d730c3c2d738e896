export type { Check, CheckAnswer, CheckOptions, Component, ComponentStatus, HealthStatus } from './check.ts'
export { type Health, type HealthReport, health, overall, type Readiness } from './health.ts'
export { type ProbeAnswer, probeAnswer } from './probe-answer.ts'
