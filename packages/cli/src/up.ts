import { up as bringUp, isLoopbackText, leanProcess, type Up } from '@holdfast/runtime'
import { output } from './output.ts'
import { coloured, paint } from './paint.ts'
import { picture } from './picture.ts'
import { changed } from './reload.ts'
import { Screen } from './screen.ts'
import { type Teller, teller } from './teller.ts'

interface UpFlags {
  readonly file: string
  readonly json?: true
}

/** `holdfast up`: brings a file up and stays until it is told to stop. */
export async function up({ file, json }: UpFlags): Promise<void> {
  leanProcess()
  const { stdout } = process
  const live = stdout.isTTY === true && !json && process.env['TERM'] !== 'dumb'
  const inColour = coloured(stdout, process.env)
  const colours = paint(inColour)
  const screen = new Screen(stdout)
  const { say, flushed } = output({ to: stdout, lost: (count) => missing(count, json === true, inColour) })
  const tell = teller({
    json: json === true,
    colours: !json && inColour,
    say: live ? (text) => void screen.say(text.trimEnd()) : say,
  })

  const running = await bringUp({ file, environment: process.env, log: tell.line, on: tell.event })
  let leaving = false
  const stopped = stopOnSignal(running, (signal) => {
    leaving = true
    tell.note('stopping', `stopping (${signal})`)
  })
  if (!onTerminal()) process.on('SIGHUP', () => void reload(running, tell))
  const draw = (): void => screen.draw(picture(running.status(), colours, stdout.columns || 80))
  const drawing = live ? setInterval(draw, 250) : undefined

  const { failed } = await running.started
  if (!leaving) {
    const { listen, services } = running.status()
    const givenUp = services.filter(({ state }) => state.is === 'failed').map(({ name }) => name)
    for (const { service, why } of failed) {
      const next = givenUp.includes(service) ? '' : '; it is tried again'
      tell.note('service.not-ready', `${service} is not ready: ${why}${next}`, 'warn')
    }
    tell.note('ready', `gateway http://${listen.gateway}/v1, control http://${listen.control}`)
    if (!isLoopbackText(listen.gateway))
      tell.note(
        'gateway.open',
        `other machines can reach the gateway, and ask with a client's key; it speaks no TLS, so put a proxy before it that does`,
        'warn',
      )
  }
  await stopped
  clearInterval(drawing)
  screen.clear()
  tell.note('stopped', 'everything has stopped')
  // What a reader does not take would keep this process for ever.
  if (!(await flushed())) process.exit()
}

/** What is said where lines had to be dropped. */
function missing(count: number, json: boolean, colours: boolean): string {
  const entries: string[] = []
  teller({ json, colours, say: (entry) => void entries.push(entry) }).note(
    'output.lost',
    `${count} lines are missing here: whoever reads this is too slow`,
    'warn',
  )
  return entries.join('')
}

/** Whether somebody sits before it; whose terminal closes wants it to end, and SIGHUP says so. */
function onTerminal(): boolean {
  return [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY)
}

async function reload(running: Up, tell: Teller): Promise<void> {
  try {
    const reloaded = await running.reload()
    tell.note('reloaded', changed(reloaded))
    for (const { service, why } of reloaded.failed)
      tell.note('service.not-ready', `${service} is not ready: ${why}`, 'warn')
  } catch (error) {
    tell.note('reload.failed', `nothing was changed: ${(error as Error).message}`, 'error')
  }
}

/** Resolves when everything has stopped. The first signal asks for it; more change nothing, since the stop has a limit of its own. */
function stopOnSignal(running: Up, begin: (signal: NodeJS.Signals) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let asked = false
    const on = (signal: NodeJS.Signals): void => {
      if (asked) return
      asked = true
      begin(signal)
      running.stop().then(resolve, reject)
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT'] as const) process.on(signal, on)
    if (onTerminal()) process.on('SIGHUP', on)
  })
}
