// One question, asked in this process; the result is one line of JSON.
import { parts } from './parts.ts'

const [name = '', pace = ''] = process.argv.slice(2)
console.log(JSON.stringify(await parts[name]!.rows(pace === 'quick')))
process.exit(0)
