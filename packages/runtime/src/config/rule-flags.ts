/** Patterns of rules ignore case, and `.` takes line ends. */
export const ruleFlags = 'isu'
