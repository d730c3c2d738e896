// Prints the table of docs/guide/autoscaling.md: `node --conditions=@holdfast/source scripts/scaling-table.ts`. A test holds the two together.
import { scalingTable } from '../packages/governor/src/testing/scaling-loads.ts'

console.log(scalingTable())
