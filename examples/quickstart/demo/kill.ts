import { isProvider, pidOf } from './doors.ts'
import type { Page } from './page.ts'

/** Kills the process behind a link, in whatever it is doing, and says so. */
export async function kill(page: Page, link: string | undefined): Promise<void> {
  if (!isProvider(link)) return page.line('the last answer came from no process that could be killed', 'red')
  const pid = await pidOf(link)
  if (pid === undefined) return page.line(`${link} is down just now`, 'red')
  process.kill(pid, 'SIGKILL')
  page.line(`✗ kill -9 ${pid}: ${link} is dead; Holdfast starts it again`, 'red')
}
