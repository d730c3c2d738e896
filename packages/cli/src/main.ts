import { isHoldfastError, logLevels, version } from '@holdfast/runtime'
import { Command, CommanderError, Option } from 'commander'
import { breaker } from './breaker.ts'
import { clientName, key } from './key.ts'
import { logLevel } from './log-level.ts'
import { ago, logs } from './logs.ts'
import { reload } from './reload.ts'
import { service } from './service.ts'
import { status } from './status.ts'
import { howMany, traces } from './traces.ts'
import { up } from './up.ts'
import { usage } from './usage.ts'

const file = ['-f, --file <file>', 'the file to read', 'holdfast.yaml'] as const

const program = new Command('holdfast')
  .description('Keeps AI services answering: one file names them, one command keeps them going.')
  .version(version)
  .showHelpAfterError('(holdfast --help shows what there is)')
  .exitOverride()

program
  .command('up')
  .description('Start everything the file names and keep it going, until Ctrl-C.')
  .option(...file)
  .option('--json', 'tell what happens as one JSON object a line')
  .action(up)

program
  .command('status')
  .description(
    'Show how a running Holdfast is. Exit code: 0 healthy, 1 not running, 2 degraded, 3 unhealthy.',
  )
  .option(...file)
  .option('--json', 'the whole status as JSON')
  .action(status)

for (const [act, description] of [
  ['start', 'Start a service of a running Holdfast, with all that it needs, and wait until it is ready.'],
  ['stop', 'Stop a service of a running Holdfast; it stays stopped until it is started.'],
  ['restart', 'Stop a service of a running Holdfast and start it again.'],
] as const) {
  program
    .command(act)
    .description(`${description} Exit code: 0 done, 1 refused, 2 not ready yet.`)
    .argument('<name>', 'the name of the service')
    .option(...file)
    .option('--json', 'how it went, as JSON')
    .action(service(act))
}

program
  .command('reload')
  .description(
    'Have a running Holdfast read its file again: only what changed is stopped and started. Exit code: 0 done, 1 refused, 2 not all ready yet.',
  )
  .option(...file)
  .option('--json', 'what changed, as JSON')
  .action(reload)

program
  .command('traces')
  .description('List the last requests to the gateway, or show all that happened in one of them.')
  .argument('[id]', 'the id of a trace: the X-Trace-Id of an answer')
  .option(...file)
  .option('--limit <count>', 'how many to list', howMany, 20)
  .option('--json', 'the same as JSON')
  .action(traces)

program
  .command('usage')
  .description('Show who used how many tokens, and what they cost, whether it runs or not.')
  .option(...file)
  .option('--by <keys>', 'what to tell apart: some of day, client, chain, link, model, with commas')
  .option('--from <day>', 'the first day (UTC), such as 2026-11-01; by default that of this month')
  .option('--to <day>', 'the last day (UTC)')
  .option('--client <name>', 'of this client alone')
  .option('--json', 'the same as JSON')
  .action(usage)

program
  .command('logs')
  .description('Show what the services wrote, whether they run or not.')
  .argument('[services...]', 'of these alone')
  .option('--file <file>', 'the file whose services they are', 'holdfast.yaml')
  .option('-f, --follow', 'go on with what they write from now on, until Ctrl-C')
  .option('-n, --lines <count>', 'how many at most, the latest; 100, or with --since all', howMany)
  .option('--since <duration>', 'how far back, such as 10m', ago)
  .addOption(new Option('--level <level>', 'the least level').choices(logLevels.slice(0, -1)))
  .option('--json', 'one JSON object a line')
  .action(logs)

program
  .command('log-level')
  .description('Show how much is told of what the services write, or change it from the next line on.')
  .argument(
    '[level]',
    'trace, debug, info, warn, error, fatal or silent; default, for a service to follow the others',
  )
  .option(...file)
  .option('--service <name>', 'the level of this service alone')
  .option('--json', 'all levels that hold, as JSON')
  .action(logLevel)

program
  .command('key')
  .description('Make up a secret for a client of the gateway, and the line of the file that lets it in.')
  .argument('<name>', 'the name of the client', clientName)
  .option('--json', 'both as JSON')
  .action(key)

const breakers = program.command('breaker').description('Switch breakers, in every process that has them.')
for (const [act, description] of [
  ['reset', 'Close a breaker and forget its failures.'],
  ['isolate', 'Let nothing through a breaker until it is reset.'],
] as const) {
  breakers
    .command(act)
    .description(description)
    .argument('<name>', 'the name of the breaker')
    .option(...file)
    .option('--json', 'the processes that had it, as JSON')
    .action(breaker(act))
}

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = explained(error)
}

/** Says what went wrong in the user's words; a stack is shown only for a mistake of ours. Answers the exit code. */
function explained(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode
  if (isHoldfastError(error)) console.error(error.message)
  else if (error instanceof Error && 'syscall' in error) console.error(`holdfast: ${error.message}`)
  else console.error('holdfast: a mistake of its own:', error)
  return 1
}
