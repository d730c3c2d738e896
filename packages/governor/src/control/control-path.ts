import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** Bytes that a socket's path may have everywhere: 104 on macOS, 108 on Linux, less the final zero. */
const longest = 103

/**
 * Where the control socket of a state directory is: within it, or at a short path in the temporary directory, made from
 * a hash of it, where the system would refuse the long one.
 */
export const controlPath = (stateDir: string): string => {
  const path = resolve(stateDir, 'control.sock')
  if (Buffer.byteLength(path) <= longest) return path
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 16)
  const short = join(tmpdir(), `holdfast-${hash}.sock`)
  return Buffer.byteLength(short) <= longest ? short : `/tmp/holdfast-${hash}.sock`
}
