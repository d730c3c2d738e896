export { type ChildRecord, childLine, type LineOrigin } from './child-line.ts'
export { type Level, type Logger, type LoggerOptions, logger, type Tell } from './logger.ts'
export { type RedactOptions, redact } from './redact.ts'
export { redactText } from './redact-text.ts'
export type { LineSink, SinkStatus } from './steady-sink.ts'
export {
  type ErrorEntry,
  type ModelOperation,
  type StructuredLog,
  structuredLog,
  type TaskEntry,
} from './structured-log.ts'
