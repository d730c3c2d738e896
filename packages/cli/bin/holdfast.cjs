#!/usr/bin/env node
// Readable by any Node, so that an old one gets a sentence instead of a syntax error.
'use strict'
var found = process.versions.node
if (Number(found.split('.')[0]) < 24) {
  console.error('holdfast needs Node 24 or newer, and this is Node ' + found + '.')
  process.exit(1)
}
var fs = require('node:fs')
var nodeModule = require('node:module')
var path = require('node:path')
var url = require('node:url')

nodeModule.enableCompileCache()
var source = path.join(__dirname, '..', 'src', 'main.ts')
if (fs.existsSync(source)) {
  // A checkout runs its sources as they are, found by the condition that only the workspace uses; what is published has none.
  nodeModule.registerHooks({
    resolve: (specifier, context, next) =>
      next(
        specifier,
        Object.assign({}, context, { conditions: context.conditions.concat('@holdfast/source') }),
      ),
  })
  import(url.pathToFileURL(source).href)
} else {
  import(url.pathToFileURL(path.join(__dirname, '..', 'dist', 'main.js')).href)
}
