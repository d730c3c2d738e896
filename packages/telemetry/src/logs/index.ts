export { type Level, type Logger, type LoggerOptions, logger, type Tell } from './logger.ts'
export { type RedactOptions, redact } from './redact.ts'
export { redactText } from './redact-text.ts'
export type { LineSink, SinkStatus } from './steady-sink.ts'
