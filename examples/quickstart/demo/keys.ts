import type { Mode } from '../behaviour.ts'
import { behave, isProvider, type Provider, pidOf } from './doors.ts'
import type { Page } from './page.ts'

/** What the keys do, in the words of one line. */
export const legend = '1 2 break or mend primary, secondary  3 stall primary  k kill  q quit'

/** What the keys do to the providers. `answered` tells who answered last, which is whom `k` kills. */
export function keys(page: Page, answered: () => string | undefined) {
  const modes: Record<Provider, Mode> = { primary: 'ok', secondary: 'ok' }

  return async function press(key: string): Promise<void> {
    if (key === '1') await toggle('primary', 'fail')
    else if (key === '2') await toggle('secondary', 'fail')
    else if (key === '3') await toggle('primary', 'stall')
    else if (key === 'k') await kill(answered())
  }

  /** Breaks a provider in this way, or mends it if it is broken in this way already. */
  async function toggle(provider: Provider, way: 'fail' | 'stall'): Promise<void> {
    const mode = modes[provider] === way ? 'ok' : way
    if (!(await behave(provider, mode)))
      return page.line(`${provider} is not there to be told just now`, 'red')
    modes[provider] = mode
    if (mode === 'ok') page.line(`✓ ${provider} is mended`, 'green')
    else if (mode === 'fail')
      page.line(`✗ ${provider} is broken: it answers 503 from its next request on`, 'red')
    else page.line(`✗ ${provider} stalls: from its next request on it accepts and says nothing`, 'red')
  }

  async function kill(link: string | undefined): Promise<void> {
    if (!isProvider(link))
      return page.line('the last answer came from no process that could be killed', 'red')
    const pid = await pidOf(link)
    if (pid === undefined) return page.line(`${link} is down just now`, 'red')
    process.kill(pid, 'SIGKILL')
    page.line(`✗ ${link} was killed (process ${pid}); Holdfast starts it again`, 'red')
  }
}
