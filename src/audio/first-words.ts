/** As much of a text as `share` of it speaks, in whole words; in characters where the script has no spaces. */
export function firstWords(text: string, share: number): string {
  const characters = Array.from(text)
  const spoken = characters.slice(
    0,
    Number.isFinite(share) ? Math.floor(characters.length * Math.max(0, share)) : 0,
  )
  const cutsNoWord =
    !text.includes(' ') || spoken.length === characters.length || characters[spoken.length] === ' '
  const end = cutsNoWord ? spoken.length : spoken.lastIndexOf(' ')
  return spoken.slice(0, Math.max(0, end)).join('').trimEnd()
}
