#!/usr/bin/env node
// This file uses old syntax on purpose: an old version of Node must be able to parse the file and
// print which version is needed.

var needed = [24, 12]
var found = process.versions.node.split('.').map(Number)

if (found[0] < needed[0] || (found[0] === needed[0] && found[1] < needed[1])) {
  process.stderr.write(
    'millwright needs Node ' +
      needed.join('.') +
      ' or newer; this is Node ' +
      process.versions.node +
      '.\n  Install it from https://nodejs.org/en/download, or in a clone use: npm run millwright --\n',
  )
  process.exitCode = 78
} else {
  void start()
}

// The published package contains main.js; a clone contains main.ts, which Node runs directly.
function start() {
  enableCompileCache()
  return import('../src/main.js').catch(function (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || !error.url.endsWith('/src/main.js')) throw error
    return import('../src/main.ts')
  })
}

// Called before the first import: without the cache, Node has to load a compiler to import
// TypeScript. Node executes the code in the cache, so the cache folder must belong to this user.
// Node's default folder is in /tmp, where another user may have created it. If no folder is usable,
// no cache is used.
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
    // The home directory is not writable, as is common for services.
    if (error.syscall === undefined) throw error
  }
}
