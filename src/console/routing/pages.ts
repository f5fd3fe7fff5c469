/** The console's pages, in the order of the bar. Handoff and campaigns will be two more. */
export const CONSOLE_PAGES = [
  { page: '', name: 'Test call' },
  { page: 'live', name: 'Live' },
  { page: 'calls', name: 'Calls' },
  { page: 'voices', name: 'Voices' },
  { page: 'agents', name: 'Agents' },
  { page: 'trunks', name: 'Trunks' },
  { page: 'phone-links', name: 'Phone links' },
  { page: 'statistics', name: 'Statistics' },
  { page: 'system', name: 'System' },
  { page: 'audit', name: 'Audit log' },
] as const
