export { isOutage } from './default-pipeline.ts'
export type { PoolStatus } from './pool.ts'
export {
  type Postgres,
  type PostgresCallOptions,
  type PostgresHealth,
  type PostgresStatus,
  postgres,
  type TransactionOptions,
} from './postgres.ts'
export type { PostgresOptions } from './postgres-options.ts'
export { sqlStateOf } from './sqlstate.ts'
export type { Isolation, Transaction } from './transaction.ts'
