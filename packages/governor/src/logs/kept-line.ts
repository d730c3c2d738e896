/** One line of a log file. `holdfast` says in it where lines are missing. */
export interface KeptLine {
  readonly service: string
  /** Which one wrote it, where the service is several processes. */
  readonly replica?: number
  readonly stream: 'stdout' | 'stderr' | 'holdfast'
  readonly line: string
  /** When it was read, ISO 8601 in UTC with ms. */
  readonly time: string
}

/** The line as it stands in the file, with its newline: time, stream (`stdout.2` of a second replica) and what was said, a space between them. */
export const keptText = ({ time, stream, replica, line }: Omit<KeptLine, 'service'>): string =>
  `${time} ${replica === undefined ? stream : `${stream}.${replica}`} ${line}\n`

/** Reads what `keptText` wrote, without the newline; undefined for the rest of a line that was torn. */
export const keptLine = (service: string, text: string): KeptLine | undefined => {
  const [, time, stream, replica, line] = form.exec(text) ?? []
  if (time === undefined || stream === undefined || line === undefined) return undefined
  const which = replica === undefined ? {} : { replica: Number(replica) }
  return { service, ...which, stream: stream as KeptLine['stream'], line, time }
}

const form = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (stdout|stderr|holdfast)(?:\.([1-9]\d{0,8}))? (.*)$/s
