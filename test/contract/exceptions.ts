/** Where the contract differs from the published API file, each with its reason: call -> difference -> why. */
export const agreed: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'GET /api/orgs/{orgId}/projects/{projectId}/backups/{clusterId}/download/{filename}': {
    'answer: none, published no 204': 'the answer is the file itself; the published 200 is the shape of an error',
  },
  'POST /api/orgs/{orgId}/projects/{projectId}/backups/0/upload_import': {
    'params.deployId: is missing': 'the published path has no place for the published parameter',
  },
  'GET /api/x/monitor/deployment/{clusterId}/history': {
    'is not published': 'an extension: the published calls know the present only',
  },
};
