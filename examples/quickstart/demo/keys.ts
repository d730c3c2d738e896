import type { Mode } from '../behaviour.ts'
import { behave, type Provider } from './doors.ts'
import { kill } from './kill.ts'
import type { Page } from './page.ts'

/** What the keys do, in the words of one line. */
export const legend = '1 2 break or mend primary, secondary · 3 stall primary · k kill · q quit'

/** What the keys do to the providers. `answered` tells who answered last, which is whom `k` kills. */
export function keys(page: Page, answered: () => string | undefined) {
  const modes: Record<Provider, Mode> = { primary: 'ok', secondary: 'ok' }

  return async function press(key: string): Promise<void> {
    if (key === '1') await toggle('primary', 'fail')
    else if (key === '2') await toggle('secondary', 'fail')
    else if (key === '3') await toggle('primary', 'stall')
    else if (key === 'k') await kill(page, answered())
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
}
