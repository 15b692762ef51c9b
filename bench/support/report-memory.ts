// Loaded into a program that runs as a child process with --expose-gc: reports its memory to the
// parent, on each message, once its garbage is collected; and ends with its parent.
process.on('message', () => {
  globalThis.gc?.()
  process.send?.(process.memoryUsage())
})
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
// The channel must not keep the program alive.
process.channel?.unref()
