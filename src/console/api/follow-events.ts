import type { CallRecord } from './calls-api.ts'

/** The browser reconnects by itself after a lost connection, but not after a refusal, such as of a node that stops. */
const RETRY_MS = 2_000

/** Calls back with every event of the call, past and to come, each once and in order, until the returned function is called. */
export function followEvents(callId: string, onRecord: (record: CallRecord) => void): () => void {
  let lastSeq = 0
  let source: EventSource | null = null
  let retry: ReturnType<typeof setTimeout> | undefined

  const connect = () => {
    const opened = new EventSource(`/api/v1/calls/${callId}/events?follow=true`)
    source = opened
    opened.onmessage = ({ data }: MessageEvent<string>) => {
      const record = JSON.parse(data) as CallRecord
      if (record.seq <= lastSeq) return
      lastSeq = record.seq
      onRecord(record)
    }
    opened.onerror = () => {
      if (opened.readyState === EventSource.CLOSED) retry = setTimeout(connect, RETRY_MS)
    }
  }

  connect()
  return () => {
    clearTimeout(retry)
    source?.close()
  }
}
