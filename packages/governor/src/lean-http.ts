/**
 * Node's HTTP client, when it is first needed. `import … from 'node:http'` reads all that the module exports, some of which loads a second
 * client as it is read: 13 MB of memory, in a process that should need little.
 */
export const leanHttp = (): typeof import('node:http') => process.getBuiltinModule('node:http')
