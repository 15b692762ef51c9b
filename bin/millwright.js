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
  enableCompileCache()
  return import('../src/main.js').catch(function (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || !error.url.endsWith('/src/main.js')) throw error
    return import('../src/main.ts')
  })
}

// Before the first import: a TypeScript file imported without the cache loads the compiler for it.
// Node runs what the cache holds, so its folder must be this user's own; the one that Node takes by
// itself lies in /tmp, where another user may have made it. Without a folder there is no cache.
function enableCompileCache() {
  var fs = process.getBuiltinModule('node:fs')
  var path = process.getBuiltinModule('node:path')
  var home = process.getBuiltinModule('node:os').homedir
  try {
    var caches = process.env.XDG_CACHE_HOME || path.join(home(), '.cache')
    var folder = path.join(caches, 'millwright', 'compiled')
    fs.mkdirSync(folder, { recursive: true, mode: 448 })
    if (process.getuid !== undefined && fs.statSync(folder).uid !== process.getuid()) return
    process.getBuiltinModule('node:module').enableCompileCache(folder)
  } catch (error) {
    // A home that cannot be written to, as of a service.
    if (error.syscall === undefined) throw error
  }
}
