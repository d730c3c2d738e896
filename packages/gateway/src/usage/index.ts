export { Ledger, type LedgerEvent, type LedgerOptions } from './ledger.ts'
export { type Price, type Prices, priceOf } from './price.ts'
export { readUsage, type UsageAsked, type UsageSum, type UsageTold } from './read-usage.ts'
export { usageAsked } from './usage-asked.ts'
