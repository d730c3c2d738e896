export type { Check, CheckAnswer, CheckOptions, Component, HealthStatus } from './check.ts'
export { type Health, type HealthReport, health, type Readiness } from './health.ts'
