import type { OutsideSystem } from '@holdfast/policy'

/** Something that a vendor has written down, and where. */
export interface Fact<T> {
  readonly value: T
  readonly source: string
}

/** What an address must look like, and one that does. */
export interface AddressShape {
  readonly pattern: RegExp
  readonly example: string
}

/**
 * What is known of a system outside, beside the policy that `preset` has for it. What is missing, or empty, its vendor has not documented; nothing here
 * is guessed.
 */
export interface SystemFacts {
  readonly title: string
  /** What the base address looks like. */
  readonly address?: Fact<AddressShape>
  /** Where a server that is well answers 200, from the root of the server. */
  readonly health?: Fact<string>
  /** How much may be asked of it. */
  readonly limits: readonly Fact<string>[]
  /** The statuses after which its vendor wants to be asked again; what else `resilientFetch` takes for a failure stays one. */
  readonly retry?: Fact<readonly number[]>
}

const graph = 'https://learn.microsoft.com/graph'
const graphAddress: Fact<AddressShape> = {
  value: {
    pattern:
      /^https:\/\/(graph\.microsoft\.com|(dod-)?graph\.microsoft\.us|microsoftgraph\.chinacloudapi\.cn|login\.microsoftonline\.(com|us)|login\.chinacloudapi\.cn)(\/|$)/,
    example: 'https://graph.microsoft.com/v1.0',
  },
  source: `${graph}/deployments`,
}
const graphRetry: Fact<readonly number[]> = {
  value: [429, 503, 504],
  source: 'https://microsoftgraph.github.io/msgraph-sdk-design/middleware/RetryHandler.html',
}
const graphLimit: Fact<string> = {
  value: '130,000 requests per 10 s for each application, over all tenants; 429 with Retry-After beyond them',
  source: `${graph}/throttling-limits`,
}

const facts: Readonly<Record<OutsideSystem, SystemFacts>> = {
  intune: {
    title: 'Microsoft Intune',
    address: graphAddress,
    limits: [
      graphLimit,
      {
        value: 'devices: 4,000 requests per 20 s for each tenant, 2,000 for each application in it',
        source:
          'https://learn.microsoft.com/en-us/answers/questions/5784629/throttling-limits-for-graph-api-(beta)-manageddevi',
      },
    ],
    retry: graphRetry,
  },
  jamf: {
    title: 'Jamf Pro',
    limits: [
      {
        value: 'no limit is enforced; at most 5 connections at the same time are asked for',
        source: 'https://developer.jamf.com/developer-guide/docs/jamf-pro-api-scalability-best-practices',
      },
    ],
  },
  sccm: {
    title: 'Microsoft Configuration Manager',
    address: {
      value: {
        pattern: /^https:\/\/[^/]+\/AdminService(\/|$)/i,
        example: 'https://sccm.acme.example/AdminService',
      },
      source: 'https://learn.microsoft.com/en-us/mem/configmgr/develop/adminservice/usage',
    },
    limits: [],
  },
  landscape: {
    title: 'Canonical Landscape',
    address: {
      value: { pattern: /^https:\/\/[^/]+\/api(\/|$)/, example: 'https://landscape.canonical.com/api/' },
      source: 'https://ubuntu.com/landscape/docs/http-requests',
    },
    limits: [],
  },
  ansible: {
    title: 'Ansible Automation Platform',
    address: {
      value: {
        pattern: /^https?:\/\/[^/]+(\/api\/(controller\/)?v2)?\/?$/,
        example: 'https://aap.acme.example/api/controller/v2',
      },
      source:
        'https://docs.redhat.com/en/documentation/red_hat_ansible_automation_platform/2.4/html-single/automation_controller_api_overview/automation_controller_api_overview',
    },
    limits: [],
  },
  servicenow: {
    title: 'ServiceNow',
    limits: [
      {
        value: 'requests per hour by rules of each instance; 429 with Retry-After beyond them',
        source:
          'https://www.servicenow.com/docs/r/api-reference/rest-api-explorer/inbound-REST-API-rate-limiting.html',
      },
    ],
    retry: {
      value: [429],
      source:
        'https://www.servicenow.com/docs/r/api-reference/rest-api-explorer/inbound-REST-API-rate-limiting.html',
    },
  },
  jira: {
    title: 'Jira',
    health: {
      value: '/status',
      source: 'https://support.atlassian.com/jira/kb/jira-status-endpoint-response-meanings/',
    },
    limits: [
      {
        value: 'not published; 429, which may come with Retry-After, beyond them',
        source: 'https://developer.atlassian.com/cloud/jira/platform/rate-limiting/',
      },
    ],
    retry: {
      value: [429, 503],
      source: 'https://developer.atlassian.com/cloud/jira/platform/rate-limiting/',
    },
  },
  active_directory: {
    title: 'Active Directory',
    limits: [
      {
        value:
          'LDAP: 5,000 connections to a domain controller, closed when idle for 900 s; 1,000 objects in an answer',
        source:
          'https://learn.microsoft.com/en-us/troubleshoot/windows-server/active-directory/view-set-ldap-policy-using-ntdsutil',
      },
    ],
  },
  entra_id: {
    title: 'Microsoft Entra ID',
    address: graphAddress,
    limits: [graphLimit],
    retry: graphRetry,
  },
  ai_provider: {
    title: 'A language model over HTTP',
    limits: [],
    retry: {
      value: [429, 529],
      source:
        'https://learn.microsoft.com/en-us/microsoft-cloud/dev/dev-proxy/concepts/anthropic-529-overloaded-error',
    },
  },
  database: {
    title: 'PostgreSQL',
    limits: [
      {
        value: 'transactions that failed with 40001 or 40P01 are to be done again',
        source: 'https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html',
      },
    ],
  },
  external_api: { title: 'Anything else over HTTP', limits: [] },
  lmstudio: {
    title: 'LM Studio',
    address: {
      value: { pattern: /^https?:\/\/[^/]+(\/(api\/)?v\d+)?\/?$/, example: 'http://localhost:1234' },
      source: 'https://lmstudio.ai/docs/developer/rest/quickstart',
    },
    health: { value: '/api/v1/models', source: 'https://lmstudio.ai/docs/api/rest-api' },
    limits: [],
  },
}

/** What is known of that system outside. */
export function systemFacts(system: OutsideSystem): SystemFacts {
  return facts[system]
}

/**
 * What is wrong with an address for that system, for who wrote it; nothing if nothing is, or if that is not known.
 *
 * An address on this machine is always right: it is a stand-in.
 */
export function addressComplaint(system: OutsideSystem, address: string): string | undefined {
  const { title, address: shape } = facts[system]
  if (shape === undefined || !URL.canParse(address) || isLoopback(new URL(address))) return undefined
  const { pattern, example } = shape.value
  if (pattern.test(address)) return undefined
  return `is no address of ${title}: write one like ${example} (${shape.source})`
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname)
}
