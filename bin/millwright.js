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
      '.\n  Install it from https://nodejs.org/en/download, or run: ',
  )
  process.exitCode = 78
  void adviseOfNode()
} else {
  void start()
}

// Prints a command that runs this program with a newer Node. In a clone, npm installs one; for the
// package, npx downloads it.
function adviseOfNode() {
  return import('fs').then(function (fs) {
    var file = fs.realpathSync(process.argv[1])
    var root = file.replace(/[\\/]bin[\\/][^\\/]*$/, '')
    var isClone = fs.existsSync(root + '/src/main.ts')
    var call = isClone
      ? ['npm', '--prefix', root, 'run', 'millwright', '--']
      : ['npx', '-p', 'node@' + needed[0], 'node', file]
    var words = call.concat(process.argv.slice(2))
    return process.stderr.write(words.map(quoted).join(' ') + '\n')
  })
}

function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : "'" + word.replace(/'/g, "'\\''") + "'"
}

// The published package contains main.js; a clone contains main.ts, which Node runs directly.
function start() {
  enableCompileCache()
  return import('../src/main.js').catch(function (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || !String(error.url).endsWith('/src/main.js'))
      throw error
    return import('../src/main.ts')
  })
}

// Called before the first import: without the cache, Node has to load a compiler to import
// TypeScript. The lease thread finds the cache through the variable. If no folder is safe, no cache
// is used.
function enableCompileCache() {
  try {
    var folder = cacheFolder()
    if (folder === null) return
    process.getBuiltinModule('node:module').enableCompileCache(folder)
    process.env.NODE_COMPILE_CACHE = process.env.NODE_COMPILE_CACHE || folder
  } catch (error) {
    // The home directory is not writable, as is common for services.
    if (error.syscall === undefined) throw error
  }
}

// Node executes the code in the cache, so nobody else may be able to change or replace its folder.
// Node's default folder is in /tmp, where another user may have created it. Returns null if a folder
// on the way belongs to another user, is a link, or can be written by others.
function cacheFolder() {
  var fs = process.getBuiltinModule('node:fs')
  var path = process.getBuiltinModule('node:path')
  var os = process.getBuiltinModule('node:os')
  // A relative path is invalid (XDG Base Directory Specification).
  var given = process.env.XDG_CACHE_HOME || ''
  var caches = path.isAbsolute(given) ? given : path.join(os.homedir(), '.cache')
  if (!path.isAbsolute(caches)) return null
  var folders = [
    caches,
    path.join(caches, 'millwright'),
    path.join(caches, 'millwright', 'compiled'),
  ]
  if (!isSafe(fs.statSync(path.dirname(caches)), [0])) return null
  return folders.every(makeSafe) ? folders[2] : null

  function makeSafe(folder, index) {
    // Not recursive: Node's recursive mkdir never returns for a new folder in /proc (Node 24).
    if (!fs.existsSync(folder)) fs.mkdirSync(folder, { mode: 448 })
    return isSafe(index === 0 ? fs.statSync(folder) : fs.lstatSync(folder), [])
  }
}

// Whether a folder belongs to this user, or one of the others, and nobody else can replace what is in
// it: others cannot write to it, or it is sticky like /tmp.
function isSafe(stat, others) {
  if (process.getuid === undefined) return stat.isDirectory()
  var isOurs = stat.uid === process.getuid() || others.indexOf(stat.uid) !== -1
  return stat.isDirectory() && isOurs && ((stat.mode & 18) === 0 || (stat.mode & 512) !== 0)
}
