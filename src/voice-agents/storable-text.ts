/** A text as PostgreSQL can keep it: NUL and halves of characters, which recognised speech may hold, are replaced. */
export const storable = (text: string): string => text.toWellFormed().replaceAll('\0', '\ufffd')
