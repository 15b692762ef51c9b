import { onTestFinished } from 'vitest'
import { serveSink, type Sink } from './serve-sink.ts'

/** A receiver of callbacks that is closed when the test ends. */
export async function startSink(): Promise<Sink> {
  const sink = await serveSink()
  onTestFinished(() => sink[Symbol.asyncDispose]())
  return sink
}
