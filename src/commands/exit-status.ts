/* What a shell shows for commands that could not begin. */

/** The command was given arguments that it does not understand, as Bash's own commands say it. */
export const WRONG_USAGE = 2
/** The settings are wrong (sysexits.h, EX_CONFIG). */
export const WRONG_SETTINGS = 78
