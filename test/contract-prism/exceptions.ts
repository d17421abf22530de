export interface Exception {
  /** `METHOD /path`, or `*` for any. */
  readonly call: string;
  /** Statuses that it is about; all where it names none. */
  readonly statuses?: readonly number[];
  /** Beginning of the place, such as `response.body`. */
  readonly where: string;
  /** What Prism says. `{empty}` stands for the name of a query parameter that was sent with nothing in it. */
  readonly message: RegExp | 'empty query parameter';
  readonly why: string;
}

const refusals = [400, 401, 403, 404, 405, 409, 413, 415, 429, 503, 504] as const;

/** In what we agreed to differ from the published file, as far as Prism can see it. One that is no longer needed is an error. */
export const exceptions: readonly Exception[] = [
  {
    call: '*',
    where: 'request.query',
    message: 'empty query parameter',
    why: 'required parameters are always sent, empty where they are not used; Prism reads an empty one as none',
  },
  {
    call: '*',
    statuses: [204],
    where: 'response',
    message: /^The received media type "" does not match|^Response body must be object$/,
    why: 'a 204 is published with a JSON body, which HTTP does not allow',
  },
  {
    call: '*',
    statuses: refusals,
    where: 'response',
    message: /^Unable to match the returned status code/,
    why: 'no 4xx is published, though refusals, unknown names and missing rights have to be told; 503 and 504 likewise',
  },
  {
    call: '*',
    where: 'response.body',
    message: /At must be object$|_at must be object$|[tT]ime must be object$|upTime must be object$/,
    why: 'times are published as objects without fields, the inside of Go; they travel as RFC 3339 texts',
  },
  {
    call: 'GET /api/orgs/{orgId}/projects/{projectId}/backups/{clusterId}/download/{filename}',
    statuses: [200],
    where: 'response',
    message: /^The received media type "application\/octet-stream"|^Response body must be object$/,
    why: 'the answer is the file itself; what is published is the shape of an error',
  },
  {
    call: 'POST /api/orgs/{orgId}/projects/{projectId}/backups/0/upload_import',
    where: 'request.path',
    message: /^Request path must have required property 'deployid'$/,
    why: 'the published path has no place for the published parameter',
  },
];

/** Operations that the server serves, and that cannot succeed in this test, each with the reason. */
export const refusedHere: Readonly<Record<string, string>> = {
  'POST /api/configuration/smtp/testing':
    'needs a mail server whose certificate is trusted, which is decided when a process starts; its good answer is a bare 204',
};
