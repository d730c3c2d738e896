import { up as bringUp, type Up } from '@holdfast/runtime'
import { output } from './output.ts'
import { coloured, paint } from './paint.ts'
import { picture } from './picture.ts'
import { Screen } from './screen.ts'
import { teller } from './teller.ts'

interface UpFlags {
  readonly file: string
  readonly json?: true
}

/** `holdfast up`: brings a file up and stays until it is told to stop. */
export async function up({ file, json }: UpFlags): Promise<void> {
  const { stdout } = process
  const live = stdout.isTTY === true && !json && process.env['TERM'] !== 'dumb'
  const inColour = coloured(stdout, process.env)
  const colours = paint(inColour)
  const screen = new Screen(stdout)
  const lost = (count: number): string => {
    let text = ''
    teller({ json: json === true, colours: inColour, say: (entry) => (text = entry) }).note(
      'output.lost',
      `${count} lines are missing here: whoever reads this is too slow`,
      'warn',
    )
    return text
  }
  const write = output({ to: stdout, lost })
  const say = live ? (text: string) => screen.say(text.trimEnd()) : write
  const tell = teller({ json: json === true, colours: !json && inColour, say })

  const running = await bringUp({ file, environment: process.env, log: tell.line, on: tell.event })
  let leaving = false
  const stopped = stopOnSignal(running, (signal) => {
    leaving = true
    tell.note('stopping', `stopping (${signal})`)
  })
  const draw = (): void => screen.draw(picture(running.status(), colours, stdout.columns || 80))
  const drawing = live ? setInterval(draw, 250) : undefined

  const { failed } = await running.started
  if (!leaving) {
    const { listen } = running.status()
    for (const { service, why } of failed)
      tell.note('service.not-ready', `${service} is not ready: ${why}; it is tried again`, 'warn')
    tell.note('ready', `gateway http://${listen.gateway}/v1, control http://${listen.control}`)
  }
  await stopped
  clearInterval(drawing)
  screen.clear()
  tell.note('stopped', 'everything has stopped')
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
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP'] as const) process.on(signal, on)
  })
}
