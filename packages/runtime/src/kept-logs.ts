import { type ServiceLogs, type ServiceLogsOptions, serviceLogs } from '@holdfast/governor'
import { privateKeyLines, redactLine } from '@holdfast/telemetry/lines'

/** Keeps what services write, without secrets: nothing that is not told stands in a file either. */
export function keptLogs(options: Omit<ServiceLogsOptions, 'clean'>): ServiceLogs {
  const inKey = privateKeyLines()
  return serviceLogs({
    ...options,
    clean: (written) => (inKey(written.line, written) ? undefined : redactLine(written.line)),
  })
}
