/** The service has a recorded voice on file for the first of these numbers, and knows nothing of the second. */
export const DEMO_CALLERS = [
  {
    number: '+15550100001',
    name: 'A caller with a recorded voice',
    hint: 'It is cloned while you wait on hold.',
  },
  {
    number: '+15550100002',
    name: 'A caller we don’t know',
    hint: 'Default voice, no hold.',
  },
] as const
