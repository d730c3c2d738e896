export type { Level } from '../lines/level.ts'
export { type Logger, type LoggerOptions, logger, type Tell } from './logger.ts'
export type { LineSink, SinkStatus } from './steady-sink.ts'
export {
  type ErrorEntry,
  type ModelOperation,
  type StructuredLog,
  structuredLog,
  type TaskEntry,
} from './structured-log.ts'
