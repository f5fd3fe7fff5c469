/*
 * Whether the chart of calls can be loaded at all, asked before anything that needs it is: somebody may be in the midst of
 * changing it.
 */

/** Null when it can; otherwise what is wrong, and where. */
export async function whyChartDoesNotLoad(): Promise<string | null> {
  try {
    await import('../../machines/call.machine.ts')
    return null
  } catch (error) {
    const { message, stack = '' } = error as Error
    // Node begins the stack of a syntax error with its place; XState's own errors name the state.
    const place = /(machines\/[\w.-]+\.ts:\d+)/.exec(stack)?.[1]
    const words = message.replaceAll(/\s*\n\s*/g, ' ')
    return `The chart of calls cannot be loaded${place ? ` (${place})` : ''}: ${words}`
  }
}
