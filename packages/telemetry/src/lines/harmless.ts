import { suspiciousName } from './secret-key.ts'

/** Heads of tokens that say what they are, by what follows them: at the few places where a separator stands before so much it is looked back. */
const heads = [
  '[sr]k|pk|hf|npm|gsk|r8|whsec|lin_api|dop_v1|shp(?:at|ss|ca|pa)|rpa|ph[cx]|gh[opusr]|github_pat',
  'xai|glpat|gldt|nvapi|pplx|tvly|csk|pypi|sq0atp|sq0csp|xox[a-z]|xapp|hv[sb]|ya29|SG',
].join('|')
const shapes = new RegExp(
  [
    `[-_.](?=[A-Za-z0-9_*.-]{8})(?<=(?:${heads}).)`,
    '-----BEGIN',
    // JSON may write a slash as \\/.
    `:(?:\\\\?/\\\\?/[^\\s/?#"'<>\`\\\\]*@|AA)`,
    'A(?:KIA|SIA|Iza)|eyJ|hook',
  ].join('|'),
)
const words = /pass|pwd|secret|key|token|credential|authoriz|cookie|bearer|basic|negotiate|[?&;]sig|amz-sig/i

/** Whether there is nothing in a text that `redactText` would hide; what it is not sure of may be hidden or not. Linear. */
export function isHarmlessText(text: string): boolean {
  return text.length < 6 || !(words.test(text) || shapes.test(text))
}

/** Whether there is nothing in a line that may have to be hidden, neither as it stands nor in the JSON that it is or holds. Linear. */
export function isHarmlessLine(line: string): boolean {
  // Without a quote nothing in it has a name.
  if (!line.includes('"')) return isHarmlessText(line)
  return !(suspiciousName.test(line) || shapes.test(line))
}
