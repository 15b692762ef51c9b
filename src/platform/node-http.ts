// Gets Node's HTTP modules without an `import`. An `import` reads every export, and some of these
// exports load all of `fetch`, which costs 50 ms and 13 MiB in a process that never calls it.

export const http = process.getBuiltinModule('node:http')
export const https = process.getBuiltinModule('node:https')
