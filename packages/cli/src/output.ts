/** The part of a stream that `output` writes to. */
export interface Outlet {
  readonly writableLength: number
  write(text: string): unknown
  on(event: 'drain' | 'error', listener: () => void): unknown
}

export interface OutputOptions {
  readonly to: Outlet
  /** What to say, with its newline, of lines that could not be told. */
  readonly lost: (count: number) => string
  /** Characters that may wait; 8 Mi when not given. */
  readonly most?: number
}

/*
 * I1  Lines come out in the order in which they came in.
 * I2  Where the reader is slower than the lines come, or does not read at all, little more than `most` characters wait; further lines are dropped.
 * I3  Where lines are missing, `lost` says how many, as soon as there is room.
 */
/** Writes to somebody who may be slow, or leave (`| head`): neither may cost the services anything. */
export function output({ to, lost, most = 8 * 1024 * 1024 }: OutputOptions): (text: string) => void {
  let dropped = 0
  const owned = (): void => {
    if (dropped === 0) return
    const count = dropped
    dropped = 0
    to.write(lost(count))
  }
  to.on('error', () => undefined)
  to.on('drain', owned)
  return (text) => {
    if (to.writableLength > most) return void dropped++
    owned()
    to.write(text)
  }
}
