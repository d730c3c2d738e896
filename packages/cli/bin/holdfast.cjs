#!/usr/bin/env node
// Readable by any Node, so that an old one gets a sentence instead of a syntax error.
'use strict'
var found = process.versions.node
if (Number(found.split('.')[0]) < 24) {
  console.error(
    'holdfast needs Node 24 or newer, and this is Node ' +
      found +
      '; install it from nodejs.org and try again.',
  )
  process.exit(1)
}
var fs = require('node:fs')
var path = require('node:path')
var url = require('node:url')
var built = path.join(__dirname, '..', 'dist', 'main.js')
if (fs.existsSync(built)) {
  import(url.pathToFileURL(built).href)
} else {
  // In a checkout nothing is built: the sources run as they are, found by the condition that only the workspace uses.
  require('node:module').registerHooks({
    resolve: (specifier, context, next) =>
      next(
        specifier,
        Object.assign({}, context, { conditions: context.conditions.concat('@holdfast/source') }),
      ),
  })
  import(url.pathToFileURL(path.join(__dirname, '..', 'src', 'main.ts')).href)
}
