/*
 * drachtio-fsmrf 5.0.1 comes without types; these are of the parts that are used.
 * Source: node_modules/drachtio-fsmrf/lib/mrf.js, mediaserver.js, endpoint.js and drachtio-modesl/lib/esl.
 */
declare module 'drachtio-fsmrf' {
  import type { EventEmitter } from 'node:events'
  import type { Socket } from 'node:net'
  import type Srf from 'drachtio-srf'

  namespace Mrf {
    interface MrfOptions {
      /** Events of FreeSWITCH's modules, such as `mod_audio_fork::connect`; others are never sent. */
      customEvents?: string[]
    }

    interface ConnectOptions {
      address: string
      port?: number
      secret?: string
      /** Where FreeSWITCH calls back for each endpoint. */
      listenAddress?: string
      listenPort?: number
      advertisedAddress?: string
      advertisedPort?: number
      profile?: string
    }

    interface EndpointOptions {
      remoteSdp?: string
      codecs?: string | string[]
      headers?: Record<string, string>
      family?: 'ipv4' | 'ipv6'
      dtls?: boolean
      srtp?: boolean
    }

    /** An event or an answer of FreeSWITCH's event socket. */
    interface EslEvent {
      getHeader(name: string): string | undefined
      getBody(): string
      headers: { name: string; value: string }[]
    }

    /** A connection of the event socket; `socket` is null when it is gone. */
    interface EslConnection {
      socket: Socket | null
      connected(): boolean
      /** What the channel was when it called back. */
      getInfo(): EslEvent
      execute(application: string): void
      /** Whether what is executed from now on lets nothing else in before it has ended. */
      setEventLock(locks: boolean): void
      subscribe(events: string[]): void
      on(event: string, listener: (...args: never[]) => void): this
      removeListener(event: string, listener: (...args: never[]) => void): this
    }

    interface PlaybackResult {
      playbackSeconds?: string
      playbackMilliseconds?: string
      /** In samples of the file's own rate. */
      playbackLastOffsetPos?: string
    }

    interface Dtmf {
      dtmf: string
      duration: string
      source: string
    }

    interface ForkAudioOptions {
      wsUrl: string
      mixType?: 'mono' | 'mixed' | 'stereo'
      sampling?: string
      bugname?: string
      metadata?: string | object
      /** Strings: `false` would be taken for the default, which is true. */
      bidirectionalAudio?: { enabled: 'true' | 'false'; streaming: 'true' | 'false'; sampleRate?: string }
    }

    interface Endpoint extends EventEmitter {
      readonly uuid: string
      readonly connected: boolean
      /** Null when the endpoint is gone. */
      readonly conn: EslConnection | null
      readonly dialog: Srf.Dialog | null
      /** A channel that called back before it had answered has no `sdp` yet, whatever this says. */
      readonly local: { sdp: string; mediaIp: string; mediaPort: string }
      readonly remote: { sdp: string; mediaIp: string; mediaPort: string }
      readonly sip: { callId: string }
      readonly dtmfType: string
      readonly secure: boolean
      play(
        file: string | string[] | { file: string; seekOffset?: number; timeoutSecs?: number },
      ): Promise<PlaybackResult>
      execute(application: string, argument?: string): Promise<EslEvent>
      api(command: string, args?: string | string[]): Promise<EslEvent>
      set(variables: Record<string, string>): Promise<unknown>
      set(name: string, value: string): Promise<unknown>
      getChannelVariables(includeMedia?: boolean): Promise<Record<string, string>>
      modify(sdp: string): Promise<unknown>
      /** Hangs up and waits for the BYE; resolves at once when the endpoint is gone. */
      destroy(): Promise<void>
      /** Resolves before the socket is connected: wait for `mod_audio_fork::connect`. */
      forkAudioStart(options: ForkAudioOptions): Promise<void>
      forkAudioSendText(bugname: string, text: string | object): Promise<void>
      forkAudioStop(bugname: string, text?: string | object): Promise<void>
      forkAudioPause(bugname: string, silence?: boolean): Promise<void>
      forkAudioResume(bugname: string): Promise<void>
      addCustomEventListener(event: string, listener: (body: unknown, event: EslEvent) => void): void
      removeCustomEventListener(event: string, listener?: (body: unknown, event: EslEvent) => void): void
    }

    /** Emits `end` when the event socket is gone and `ready` when it is usable for the first time; it reconnects by itself. */
    interface MediaServer extends EventEmitter {
      readonly address: string
      readonly conn: EslConnection
      readonly maxSessions: number
      readonly currentSessions: number
      readonly cps: number
      readonly cpuIdle: number
      readonly fsVersion: string
      readonly hostname: string
      readonly sip: { ipv4: { udp: { address?: string }; dtls: { address?: string } } }
      connected(): boolean
      createEndpoint(options?: EndpointOptions): Promise<Endpoint>
      connectCaller(
        req: Srf.SrfRequest,
        res: Srf.SrfResponse,
        options?: EndpointOptions,
      ): Promise<{ endpoint: Endpoint; dialog: Srf.Dialog }>
      api(command: string): Promise<string>
      disconnect(): void
    }
  }

  class Mrf {
    constructor(srf: Srf, options?: Mrf.MrfOptions)
    connect(options: Mrf.ConnectOptions): Promise<Mrf.MediaServer>
  }

  export = Mrf
}
