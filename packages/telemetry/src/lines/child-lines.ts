import { type ChildRecord, childLine, type LineOrigin } from './child-line.ts'
import { privateKeyLines } from './private-key-lines.ts'

/** Reads the lines of processes as `childLine` does, each stream's in their order, and leaves out what goes on with a private key. */
export function childLines(): (line: string, origin: LineOrigin) => ChildRecord | undefined {
  const inKey = privateKeyLines()
  return (line, origin) => (inKey(line, origin) ? undefined : childLine(line, origin))
}
