#!/usr/bin/env node
// Plain old JavaScript on purpose: an old Node must be able to read this file and be told what to do.

var needed = [24, 12]
var found = process.versions.node.split('.').map(Number)

if (found[0] < needed[0] || (found[0] === needed[0] && found[1] < needed[1])) {
  process.stderr.write(
    'millwright needs Node ' +
      needed.join('.') +
      ' or newer; this is Node ' +
      process.versions.node +
      '.\n' +
      '  Get it from https://nodejs.org/en/download, or with: npx -p node@24 millwright\n',
  )
  process.exitCode = 78
} else {
  void start()
}

// The packed build holds main.js; the repository holds main.ts, which Node runs directly.
function start() {
  return import('../src/main.js').catch(function (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || !error.url.endsWith('/src/main.js')) throw error
    return import('../src/main.ts')
  })
}
